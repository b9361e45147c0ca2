import { $, LongList, element, keyed, text } from './dom.js';
import { cost, count, percent, seconds } from './format.js';
import { store } from './store.js';
import { actOnTenant } from './actions.js';

const page = 20;
const resortEvery = 4_000;
const list = new LongList('tenants', page, () => { sortedAt = 0; show(); });
let sorted = [];
let sortedAt = 0;

export function show() {
  if (Date.now() - sortedAt > resortEvery || sorted.length !== store.tenants.size) {
    sorted = [...store.tenants.values()].sort((a, b) => b.share - a.share || b.admitted - a.admitted || a.id.localeCompare(b.id, undefined, { numeric: true })).map(tenant => tenant.id);
    sortedAt = Date.now();
  }
  const rows = sorted.map(id => store.tenants.get(id)).filter(Boolean);
  keyed($('tenants'), list.cut(rows, tenant => tenant.id).slice(0, list.shown), tenant => tenant.id, make, update);
}

function make(tenant) {
  const button = element('button', { type: 'button', class: 'dotted', 'aria-label': `Actions for tenant ${tenant.id}` }, '···');
  button.addEventListener('click', () => actOnTenant(store.tenants.get(tenant.id)));
  const number = label => element('td', { role: 'cell', class: 'number', 'data-label': label });
  return element('tr', { role: 'row', 'data-tenant': tenant.id },
    element('td', { role: 'cell' }, element('span', { class: 'name' }, tenant.id), element('span', { class: 'scope' })),
    element('td', { role: 'cell', class: 'shares' }, element('div', { class: 'fair' },
      element('span', { class: 'part' }), element('span', { class: 'bar', 'aria-hidden': 'true' }, element('i'), element('b')), element('span', { class: 'ought' }))),
    number('Waiting'), number('Admitted'), number('Refused'), number('Cost'),
    element('td', { role: 'cell', class: 'actions' }, button));
}

function update(row, tenant) {
  const [part, bar, ought] = row.cells[1].firstChild.children;
  text(row.cells[0].lastChild, `weight ${tenant.weight}`);
  const isIdle = tenant.fair === 0;
  text(part, isIdle ? 'idle' : percent(tenant.share));
  bar.firstChild.style.width = `${(tenant.share * 100).toFixed(1)}%`;
  bar.lastChild.style.left = `${(tenant.fair * 100).toFixed(1)}%`;
  bar.lastChild.hidden = isIdle;
  text(ought, isIdle ? '' : `fair ${percent(tenant.fair)}`);
  text(row.cells[2], tenant.waiting ? `${count(tenant.waiting)}, ${seconds(tenant.oldest)}` : '0');
  text(row.cells[3], count(tenant.admitted));
  text(row.cells[4], count(tenant.refused));
  text(row.cells[5], cost(tenant.costUsd, tenant.unpricedCalls));
}
