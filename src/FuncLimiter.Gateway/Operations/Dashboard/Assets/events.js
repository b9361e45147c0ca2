import { $, element } from './dom.js';
import { clock, count, seconds } from './format.js';

const most = 150;
const boxes = [...document.querySelectorAll('.kinds input')];
let isPaused = false;

$('events-pause').addEventListener('click', event => {
  isPaused = !isPaused;
  event.currentTarget.setAttribute('aria-pressed', isPaused);
  event.currentTarget.textContent = isPaused ? 'Go on' : 'Pause';
});
for (const box of boxes) box.addEventListener('change', filter);

const shown = () => new Set(boxes.filter(box => box.checked).map(box => box.value));

export function add(events) {
  if (isPaused || !events.length) return;
  const kinds = shown();
  const list = $('events');
  const fresh = document.createDocumentFragment();
  for (const happened of events) fresh.prepend(row(happened, kinds));
  list.prepend(fresh);
  while (list.childElementCount > most) list.lastElementChild.remove();
}

function filter() {
  const kinds = shown();
  for (const item of $('events').children) item.hidden = !kinds.has(item.dataset.kind);
}

function row(happened, kinds) {
  const who = [happened.tenant, happened.user].filter(Boolean).join(' / ');
  const item = element('li', { 'data-kind': happened.kind },
    element('time', { datetime: happened.at }, clock(happened.at)),
    element('span', { class: `kind ${happened.kind}` }, happened.kind),
    element('span', { class: 'who', title: who }, who),
    element('span', { class: 'waited' }, happened.waitedMs > 0 ? seconds(happened.waitedMs / 1000) : ''));
  const where = `${happened.priority} · ${happened.deployment ?? happened.route}`;
  const why = [where, happened.tokens === undefined ? null : `${count(happened.tokens)} tokens`, happened.reason].filter(Boolean).join(': ');
  item.append(element('span', { class: 'why' }, why));
  item.hidden = !kinds.has(happened.kind);
  return item;
}
