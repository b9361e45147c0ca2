// The little of a framework that this page needs.
export const $ = id => document.getElementById(id);

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

export function className(node, value) {
  if (node.className !== value) node.className = value;
}

// Keeps one child for each item, in the items' order, and moves only what must move: focus and selection stay where they are.
export function keyed(parent, items, keyOf, make, update) {
  const known = parent.keyedRows ??= new Map();
  const seen = new Set();
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    seen.add(key);
    let row = known.get(key);
    if (!row) {
      row = make(item);
      known.set(key, row);
    }
    update(row, item);
    if (row === place) place = place.nextElementSibling;
    else parent.insertBefore(row, place);
  }
  for (const [key, row] of known) {
    if (!seen.has(key)) {
      row.remove();
      known.delete(key);
    }
  }
}

// A long list: a page of it at a time, and a field to find what is further down.
export class LongList {
  constructor(prefix, page, onChange) {
    this.page = page;
    this.shown = page;
    this.find = $(`${prefix}-find`);
    this.more = $(`${prefix}-more`);
    this.empty = $(`${prefix}-empty`);
    this.count = $(`${prefix}-count`);
    this.find.addEventListener('input', () => { this.shown = page; onChange(); });
    this.more.addEventListener('click', () => { this.shown += page; onChange(); });
  }

  // Words in any order; all must be found.
  cut(rows, textOf) {
    const words = this.find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length ? rows.filter(row => { const all = textOf(row).toLowerCase(); return words.every(word => all.includes(word)); }) : rows;
    text(this.count, words.length ? `${found.length} of ${rows.length}` : `${rows.length}`);
    this.empty.hidden = found.length > 0;
    this.more.hidden = found.length <= this.shown;
    text(this.more, `Show ${Math.min(this.page, found.length - this.shown)} more`);
    return found;
  }
}
