"""The style sheets of the label configs."""

NAME = "margin: 2px 8px 2px 0; font-size: 13px; font-weight: 600"

# Chromium hides the handles of a region (`area`), and then a boundary cannot be dragged. The row of
# state and value keeps its height when it is empty, so that no label moves under the mouse. A group
# without a label found is not shown.
COMMON = """
.htx-highlight area { display: inline-block !important; }
.lettera-head { position: sticky; top: 0; z-index: 5; padding-bottom: 2px;
  background: var(--color-neutral-background, #fff); }
.lettera-place { color: #767676; font-size: 13px; }
.lettera-near { color: #767676; font-size: 14px; }
.lettera-lost { color: #9A3412; font-size: 13px; }
.lettera-versions { padding: 4px 0 4px 7px; }
.lettera-versions .lsf-choices { margin: 0; }
.lettera-text { padding: 4px 12px; border-left: 3px solid #4C78A8; }
.lettera-text * { font-size: inherit !important; line-height: inherit !important; }
.lettera-region { min-height: 38px; padding-left: 7px; display: flex; flex-wrap: wrap;
  column-gap: 28px; }
.lettera-state, .lettera-value { display: flex; align-items: center; }
.lettera-region .lsf-choices { margin: 0; }
.lettera-region .lsf-choice { line-height: 34px; }
.lettera-region .ant-radio-wrapper { margin-right: 6px; }
.lettera-labels .lsf-label { font-size: 13px; margin: 1px 5px 1px 0; }
.lettera-group { display: flex; width: 100%; align-items: baseline; }
.lettera-group:not(:has(.lsf-label:not(.lsf-label_hidden))) { display: none; }
.lettera-name { flex: 0 0 130px; }
.lettera-fields .lsf-label__hotkey { display: none; }
"""
# The phrase stays in sight however far the labels are scrolled.
PHRASE = """
.lettera-text { font-size: 18px; line-height: 2; margin: 6px 0; }
"""
# The labels stay in sight however far the letter is scrolled, in a box that scrolls by itself.
LETTER = """
.lettera-labels { max-height: 168px; overflow-y: auto; border: 1px solid #DDD; border-radius: 4px;
  padding: 2px 7px; margin-top: 4px; }
.lettera-sheet { display: flex; gap: 16px; align-items: flex-start; margin-top: 6px; }
.lettera-words { flex: 1 1 0; min-width: 0; }
.lettera-text { font-size: 15px; line-height: 1.7; }
.lettera-pages { flex: 0 0 42%; min-width: 0; position: sticky; top: 250px;
  max-height: calc(100vh - 370px); overflow: auto; }
"""
# It travels with the guideline, which is shown before a label config is.
GUIDE = """
.lettera-guide ul { list-style: disc; padding-left: 20px; margin: 4px 0; }
.lettera-guide h4 { font-weight: 600; margin: 14px 0 4px; }
"""
