import { $, LongList, className, element, keyed, text } from './dom.js';
import { budgetName, meterAmount, meterText, percent, seconds, words } from './format.js';
import { level, store, use } from './store.js';
import { draw, spark } from './spark.js';
import { base, headers } from './stream.js';
import { actOnBudget } from './actions.js';

const page = 25;
const resortEvery = 4_000;
const trendEvery = 10_000;
const list = new LongList('budgets', page, () => { sortedAt = 0; show(); });
let sorted = [];
let sortedAt = 0;
let visible = [];
let trendsOf = '';
let trendsAt = 0;

export function show() {
  // Rows that change places every second can't be read.
  if (Date.now() - sortedAt > resortEvery || sorted.length !== store.budgets.size) {
    sorted = [...store.budgets.keys()].sort((a, b) => rank(b) - rank(a) || a.localeCompare(b, undefined, { numeric: true }));
    sortedAt = Date.now();
  }
  const rows = sorted.map(name => store.budgets.get(name)).filter(Boolean);
  visible = list.cut(rows, budget => `${budget.name} ${providerOf(budget.name)}`).slice(0, list.shown);
  keyed($('budgets'), visible, budget => budget.name, make, update);
  refreshTrends();
}

const rank = name => {
  const budget = store.budgets.get(name);
  return (budget.closedUntil ? 2 : 0) + Math.round(use(budget) * 50) / 50;
};

export const providerOf = name => {
  const { scope, id } = budgetName(name);
  const found = scope === 'account' || scope === 'deployment' ? store.meta.deployments.find(deployment => deployment.account === id.split('/')[0]) : null;
  return found ? found.provider : '';
};

function make(budget) {
  const { scope, id } = budgetName(budget.name);
  const provider = providerOf(budget.name);
  const button = element('button', { type: 'button', class: 'dotted', 'aria-label': `Actions for ${scope} ${id}` }, '···');
  button.addEventListener('click', () => actOnBudget(store.budgets.get(budget.name)));
  return element('tr', { role: 'row', 'data-budget': budget.name },
    element('td', { role: 'cell' }, element('span', { class: 'name' }, id), element('span', { class: 'scope' }, provider ? `${scope} · ${provider}` : scope), element('span', { class: 'closed', hidden: '' })),
    element('td', { role: 'cell', class: 'use' }),
    element('td', { role: 'cell', class: 'trend' }, spark()),
    element('td', { role: 'cell', class: 'actions' }, button));
}

function update(row, budget) {
  const closed = row.cells[0].querySelector('.closed');
  closed.hidden = !budget.closedUntil;
  if (budget.closedUntil) text(closed, closing(budget.closedUntil));
  keyed(row.cells[1], budget.meters, meter => `${meter.dimension}/${meter.window}`, makeMeter, updateMeter);
  row.hidden = false;
}

export const closing = until => `closed for ${seconds(Math.max(0, (Date.parse(until) - Date.parse(store.at)) / 1000))} more`;

function makeMeter() {
  return element('div', { class: 'meter' },
    element('span', { class: 'percent' }),
    element('span', { class: 'bar', 'aria-hidden': 'true' }, element('i')),
    element('span', { class: 'amount' }),
    element('span', { class: 'learned', hidden: '' }));
}

function updateMeter(node, meter) {
  const [share, bar, of, learned] = node.children;
  const state = level(meter.use);
  text(share, percent(meter.use));
  className(share, `percent ${state}`);
  className(bar.firstChild, state);
  bar.firstChild.style.width = `${Math.min(100, meter.use * 100).toFixed(1)}%`;
  text(of, meterText(meter));
  of.title = `${meterAmount(meter.dimension, meter.consumed)} since the start`;
  const limited = meter.effective < meter.configured * 0.995 || meter.read || meter.typed === undefined;
  learned.hidden = !limited && !meter.charged;
  text(learned, [
    limited ? `limit in force ${meterAmount(meter.dimension, meter.effective)}: ${origins(meter)}` : '',
    meter.charged ? `charged by ${words(meter.charged)}${meter.pinned ? ', pinned' : ', as answers tell'}` : '',
  ].filter(Boolean).join('; '));
}

function origins(meter) {
  const said = [['typed', meter.typed], ['read', meter.read], ['reported', meter.reported]]
    .filter(([, origin]) => origin)
    .map(([name, origin]) => `${name} ${meterAmount(meter.dimension, origin.amount)}${origin.at ? ` ${age(origin.at)}` : ''}`);
  return said.length ? said.join(', ') : 'nobody has told yet';
}

const age = at => `${seconds(Math.max(0, (Date.parse(store.at) - Date.parse(at)) / 1000))} ago`;

async function refreshTrends() {
  const names = visible.map(budget => budget.name);
  const wanted = [...names].sort().join('\n');
  if (!names.length || wanted === trendsOf && Date.now() - trendsAt < trendEvery || Date.now() - trendsAt < 1_000) return;
  trendsOf = wanted;
  trendsAt = Date.now();
  const query = names.map(name => `budget=${encodeURIComponent(name)}`).join('&');
  const response = await fetch(`${base}/dashboard/trends?${query}`, { headers: headers(), cache: 'no-store' }).catch(() => null);
  if (!response?.ok) return;
  const trends = await response.json();
  for (const [name, meters] of Object.entries(trends)) {
    const row = $('budgets').keyedRows?.get(name);
    const budget = store.budgets.get(name);
    if (!row || !budget) continue;
    const tightest = budget.meters.reduce((best, meter, i) => meter.use > budget.meters[best].use ? i : best, 0);
    draw(row.querySelector('.spark'), meters[tightest] ?? [], percent);
  }
}
