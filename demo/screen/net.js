// Requests to the page's own server: one body up, JSON lines down, until done or stopped.

/** Sends `body` and hands over each message as it comes. Rejects with AbortError when stopped. */
export async function ask(url, body, signal, hear) {
  let answer;
  try {
    answer = await fetch(url, { method: "POST", body, signal, headers: { "Content-Type": "application/octet-stream" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return hear({ kind: "fault", fault: "net" });
  }
  if (!answer.ok) return hear({ kind: "fault", fault: answer.status === 413 ? "large" : "net" });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", ended = false;
  const line = (text) => {
    if (!text) return;
    const message = JSON.parse(text);
    ended ||= message.kind === "done" || message.kind === "fault";
    hear(message);
  };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      lines.forEach(line);
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
  }
  line(rest);
  if (!ended) hear({ kind: "fault", fault: "net" });
}

/** Bytes of a base64 text. */
export function bytes(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

/** Hands a file to the visitor; it never lies on the server. */
export function save(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content]));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
