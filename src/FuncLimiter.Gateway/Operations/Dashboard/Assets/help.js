// The pages of docs, as they were when this server was built: nothing is fetched from elsewhere. Reads as much of Markdown as they use.
import { $, element } from './dom.js';

const start = 'README';
const name = new URLSearchParams(location.search).get('page') ?? start;

const response = /^[\w-]+$/.test(name) ? await fetch(`/dashboard/${name}.md`).catch(() => null) : null;
$('page').replaceChildren(...(response?.ok ? blocks(await response.text()) : [element('h1', {}, 'There is no such page')]));
document.title = `${$('page').querySelector('h1').textContent} · FuncLimiter`;
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();

function blocks(source) {
  const lines = source.replace(/<!--[\s\S]*?-->/g, '').split('\n');
  const made = [];
  const until = ends => {
    const taken = [];
    while (lines.length && !ends(lines[0])) taken.push(lines.shift());
    return taken;
  };
  while (lines.length) {
    const line = lines[0];
    const fence = /^(\s*)```/.exec(line);
    if (fence) {
      lines.shift();
      const code = until(next => next.trim() === '```').map(next => next.startsWith(fence[1]) ? next.slice(fence[1].length) : next);
      lines.shift();
      made.push(element('pre', { tabindex: '0', role: 'group', 'aria-label': 'Code' }, code.join('\n')));
    } else if (/^#+ /.test(line)) {
      const [, marks, title] = /^(#+) (.*)$/.exec(lines.shift());
      made.push(heading(`h${marks.length}`, title));
    } else if (line.startsWith('|')) {
      made.push(table(until(next => !next.startsWith('|'))));
    } else if (item(line)) {
      made.push(list(until(next => !next.trim() && !/^(\s+\S|[-*] |\d+\. )/.test(lines[1] ?? ''))));
    } else if (!line.trim() || line.trimStart().startsWith('<')) {
      lines.shift();
    } else {
      made.push(element('p', {}, ...inline(until(next => !next.trim() || /^(#+ |\||\s*```|[-*] |\d+\. )/.test(next)).join(' '))));
    }
  }
  return made;
}

function item(line) {
  return /^([-*]|\d+\.) (.*)$/.exec(line);
}

// What is indented below an item is the item's.
function list(lines) {
  const items = [];
  for (const line of lines) {
    const begins = item(line);
    if (begins) items.push([begins[2]]);
    else items.at(-1).push(line.replace(/^ {1,3}/, ''));
  }
  return element(/^\d/.test(lines[0]) ? 'ol' : 'ul', {}, ...items.map(text => element('li', {}, ...blocks(text.join('\n')))));
}

// As GitHub names headings, so that links from one page to another's heading hold in both places.
function heading(tag, title) {
  const parts = inline(title);
  const made = element(tag, {}, ...parts);
  made.id = made.textContent.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
  return made;
}

function table(lines) {
  const cells = line => line.replace(/^\|\s*|\s*\|\s*$/g, '').split(/\s*(?<!\\)\|\s*/).map(cell => inline(cell.replaceAll('\\|', '|')));
  const [head, , ...rows] = lines;
  const made = element('table', {},
    element('thead', {}, element('tr', {}, ...cells(head).map(cell => cell.length ? element('th', { scope: 'col' }, ...cell) : element('td')))),
    element('tbody', {}, ...rows.map(row => element('tr', {}, ...cells(row).map(cell => element('td', {}, ...cell))))));
  return element('div', { class: 'wide', tabindex: '0', role: 'group', 'aria-label': 'Table' }, made);
}

function inline(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(/`([^`]+)`|\[((?:[^\]`]|`[^`]*`)+)\]\(([^)\s]+)\)|\*\*(.+?)\*\*|(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])/g)) {
    if (found.index > from) parts.push(text.slice(from, found.index));
    from = found.index + found[0].length;
    parts.push(
      found[1] !== undefined ? element('code', {}, found[1])
        : found[2] !== undefined ? link(found[3], inline(found[2]))
          : element(found[4] !== undefined ? 'strong' : 'em', {}, ...inline(found[4] ?? found[5])));
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

// Files that are no pages are in the repository only.
function link(target, words) {
  const page = /^(?:\.\.\/|docs\/)?([\w-]+)\.md(#.*)?$/.exec(target);
  return page ? element('a', { href: `/dashboard/help.html?page=${page[1]}${page[2] ?? ''}` }, ...words)
    : /^(#|https?:)/.test(target) ? element('a', { href: target }, ...words)
      : element('span', {}, ...words);
}
