// The code editor: CodeMirror over the same manifest, loaded on first use (a setting chooses it). It knows nothing of Kubernetes:
// what is wrong, what may be written and what a field is, the page's engine says.
//
// mount(host, ask) draws it into a shadow root of `host`, since its styles come at run time, and gives `host` two functions:
// `update(json)` with the text, problems, marks and whether it can be written to, and `line(n)` that puts the caret at a line.
// `ask(kind, text, at)` tells the page `change` and `fix`, and asks it `complete` and `hover`, which answer with JSON.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, drawSelection, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap, lineNumbers, showTooltip } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const look = EditorView.theme({
  "&": { blockSize: "100%", fontSize: "var(--t-2)", background: "var(--sunk)", color: "var(--ink-2)" },
  "&.cm-focused": { outline: "2px solid var(--ink)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.375rem" },
  ".cm-gutters": { background: "var(--sunk)", color: "var(--ink-3)", borderInlineEnd: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { background: "var(--wash)" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderInlineStartColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { background: "light-dark(rgb(26 29 26 / .16), rgb(236 238 233 / .22))" },
  ".cm-tooltip, .cm-panels": { background: "var(--raise)", color: "var(--ink)", border: "1px solid var(--line-2)", borderRadius: "var(--r-2)", fontFamily: "var(--sans)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--ink)", color: "var(--sheet)" },
  ".cm-completionDetail": { color: "inherit", opacity: ".85", fontStyle: "normal", marginInlineStart: "1rem" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-diagnostic": { whiteSpace: "pre-line", maxInlineSize: "26rem" },
  ".cm-diagnostic-error": { borderInlineStartColor: "var(--fail)" },
  ".cm-diagnostic-warning": { borderInlineStartColor: "var(--wait)" },
  ".cm-diagnostic-info": { borderInlineStartColor: "var(--line-2)" },
  // Worth knowing, and nothing wrong: words after the line, no underline.
  ".cm-lintRange-info": { backgroundImage: "none" },
  ".field": { padding: ".5rem .75rem", maxInlineSize: "22rem", display: "grid", gap: ".25rem" },
  ".field p": { margin: "0" },
  ".mark": { color: "var(--ink-3)", fontFamily: "var(--sans)", fontSize: "var(--t-1)", marginInlineStart: "1rem" },
});
const colours = HighlightStyle.define([
  { tag: tags.definition(tags.propertyName), color: "var(--ink)", fontWeight: "600" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--ink-3)" },
  { tag: tags.comment, color: "var(--ink-3)", fontStyle: "italic" },
  { tag: [tags.string, tags.content], color: "var(--ink-2)" },
]);

/** Live counts after the lines that cause them. */
class Mark extends WidgetType {
  constructor(text) {
    super();
    this.text = text;
  }
  eq(other) {
    return other.text === this.text;
  }
  toDOM() {
    const span = document.createElement("span");
    span.className = "mark";
    span.ariaHidden = "true";
    span.textContent = this.text;
    return span;
  }
}
const setMarks = StateEffect.define();
const marks = StateField.define({
  create: () => Decoration.none,
  update(old, tr) {
    for (const e of tr.effects) {
      if (!e.is(setMarks)) continue;
      const doc = tr.state.doc;
      return Decoration.set(e.value.filter((m) => m.line < doc.lines).map((m) => Decoration.widget({ widget: new Mark(m.text), side: 1 }).range(doc.line(m.line + 1).to)), true);
    }
    return old.map(tr.changes);
  },
  provide: (f) => EditorView.decorations.from(f),
});

/** What a field is, as a tooltip: under the pointer, or at the caret after F1. */
function field(ask, state, pos) {
  const found = JSON.parse(ask("hover", state.doc.toString(), pos) || "null");
  if (!found) return null;
  const create = () => {
    const dom = document.createElement("div");
    dom.className = "field";
    dom.setAttribute("role", "status");
    for (const text of found.says) dom.appendChild(document.createElement("p")).textContent = text;
    return { dom };
  };
  return { pos: found.from, end: found.to, above: false, create };
}
const explain = StateEffect.define();
const explained = StateField.define({
  create: () => null,
  update: (old, tr) => tr.effects.reduce((v, e) => (e.is(explain) ? e.value : v), tr.docChanged || tr.selection ? null : old),
  provide: (f) => showTooltip.from(f),
});

export function mount(host, ask) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const writable = new Compartment();
  let quiet = false;
  const complete = (context) => {
    const found = JSON.parse(ask("complete", context.state.doc.toString(), context.pos) || "null");
    if (!found || !(context.explicit || found.likely)) return null;
    return { from: found.from, to: found.to, filter: false, options: found.options.map((o) => ({ label: o.label, detail: o.detail, apply: o.insert })) };
  };
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      extensions: [
        lineNumbers(), foldGutter(), lintGutter({ markerFilter: (found) => found.filter((d) => d.severity !== "info") }), history(), drawSelection(), indentOnInput(), indentUnit.of("  "), bracketMatching(), closeBrackets(),
        highlightActiveLine(), highlightActiveLineGutter(), highlightSelectionMatches(), yaml(), syntaxHighlighting(colours), look, marks, explained,
        autocompletion({ override: [complete], icons: false }),
        hoverTooltip((view, pos) => field(ask, view.state, pos)),
        keymap.of([
          { key: "F1", run: (v) => (v.dispatch({ effects: explain.of(field(ask, v.state, v.state.selection.main.head)) }), true) },
          // Ctrl+Enter applies, wherever the focus is.
          ...[...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap, ...lintKeymap].filter((k) => k.key !== "Mod-Enter"),
          indentWithTab,
        ]),
        EditorView.contentAttributes.of({ "aria-label": host.dataset.label ?? "Manifest" }),
        EditorView.updateListener.of((u) => u.docChanged && !quiet && ask("change", u.state.doc.toString(), 0)),
        writable.of([]),
      ],
    }),
  });
  const problem = (p, i) => ({
    from: Math.min(p.from, view.state.doc.length),
    to: Math.min(Math.max(p.to, p.from), view.state.doc.length),
    severity: p.severity,
    message: p.help ? `${p.message}\n${p.help}` : p.message,
    actions: p.fixes.map((name, n) => ({ name, apply: () => ask("fix", "", i * 100 + n) })),
  });
  host.update = (json) => {
    const { text, problems, marks, readOnly } = JSON.parse(json);
    quiet = true;
    if (text !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    quiet = false;
    const locked = readOnly ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : [];
    view.dispatch({ effects: [writable.reconfigure(locked), setMarks.of(marks)] }, setDiagnostics(view.state, problems.map(problem)));
  };
  host.line = (n) => {
    const line = view.state.doc.line(Math.min(n + 1, view.state.doc.lines));
    view.dispatch({ selection: { anchor: line.from, head: line.to }, scrollIntoView: true });
    view.focus();
  };
}
