// The file's pages as pictures, with boxes where the evidence stands.

import { bytes } from "./net.js";
import { make, word } from "./say.js";
import { reveal } from "./letter.js";

export class Pages {
  constructor(letter) {
    this.boxes = letter?.boxes ?? [];
    this.pictures = new Map();
    this.element = make("div", { className: "pages", tabindex: "0" });
  }

  /** The letter is known after its pages where a picture is recognised. */
  know(letter) {
    this.boxes = letter.boxes ?? [];
  }

  add({ page, jpeg, width, height }) {
    const url = URL.createObjectURL(new Blob([bytes(jpeg)], { type: "image/jpeg" }));
    const image = make("img", { src: url, alt: word("page_of", page), width, height, decoding: "async" });
    const figure = make("figure", { className: "page" }, image);
    this.pictures.set(page, { url, width, height, figure });
    this.element.append(figure);
    this.#redraw(page);
  }

  forget() {
    for (const { url } of this.pictures.values()) URL.revokeObjectURL(url);
    this.pictures.clear();
  }

  /** The boxes of a stretch: each line's, narrowed to the share of its letters that is meant. */
  rectangles({ start, end }) {
    return this.boxes.filter((box) => box.start < end && start < box.end).map((box) => {
      const [left, top, right, bottom] = box.box;
      const wide = (right - left) / (box.end - box.start);
      const from = left + Math.max(0, start - box.start) * wide;
      const to = left + (Math.min(end, box.end) - box.start) * wide;
      return { page: box.page, left: from - 0.004, top: top - 0.003, right: to + 0.004, bottom: bottom + 0.003 };
    });
  }

  light(places, scroll = true) {
    this.lit = places.flatMap((place) => this.rectangles(place));
    for (const page of this.pictures.keys()) this.#redraw(page);
    const first = this.element.querySelector(".box");
    if (first && scroll && this.element.offsetParent) reveal(this.element, first);
  }

  #redraw(page) {
    const { figure } = this.pictures.get(page);
    figure.querySelectorAll(".box").forEach((box) => box.remove());
    figure.append(...(this.lit ?? []).filter((one) => one.page === page).map((one) => make("span", { className: "box", css: edges(one) })));
  }

  /** The stretch of a page around a place, as a small picture with its boxes; null without one. */
  crop(place) {
    const all = this.rectangles(place);
    const boxes = all.filter((one) => one.page === all[0].page);
    const picture = boxes.length && this.pictures.get(boxes[0].page);
    if (!picture) return null;
    const top = Math.max(0, boxes[0].top - 0.03);
    const bottom = Math.min(1, Math.max(...boxes.map((box) => box.bottom)) + 0.03, top + 0.2);
    const image = make("img", { src: picture.url, alt: "" });
    const scale = make("div", { className: "whole" }, image, ...boxes.map((one) => make("span", { className: "box", css: edges(one) })));
    // On a phone half the page's width, or nobody could read it.
    const zoom = innerWidth < 700 ? 2 : 1;
    const from = Math.min(Math.max(0, boxes[0].left - 0.05), 1 - 1 / zoom);
    const share = (zoom * (bottom - top) * picture.height) / picture.width;
    scale.style.width = `${zoom * 100}%`;
    scale.style.left = `${-from * zoom * 100}%`;
    scale.style.top = `${(-top / (bottom - top)) * 100}%`;
    const frame = make("div", { className: "crop", css: { "aspect-ratio": `1 / ${share}` } }, scale);
    return make("figure", { className: "cropped" }, frame, make("figcaption", {}, word("crop", boxes[0].page)));
  }
}

const percent = (share) => `${(share * 100).toFixed(2)}%`;
const edges = (one) => ({ left: percent(one.left), top: percent(one.top), width: percent(one.right - one.left), height: percent(one.bottom - one.top) });
