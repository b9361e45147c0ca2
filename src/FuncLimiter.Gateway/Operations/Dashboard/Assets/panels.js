import { $, className, element, keyed, text } from './dom.js';
import { budgetName, clock, cost, count, meterName, perSecond, percent, seconds, usd } from './format.js';
import { level, store, use } from './store.js';
import { closing } from './budgets.js';

const mostQueues = 12;
const mostModels = 12;
const priorities = ['interactive', 'standard', 'background'];

export function showFigures() {
  const { summary, rates } = store;
  const tightest = [...store.budgets.values()].reduce((most, budget) => !most || use(budget) > use(most) ? budget : most, null);
  const share = tightest ? use(tightest) : 0;
  text($('figure-use'), percent(share));
  className($('figure-use'), `figure ${level(share)}`);
  text($('figure-use-note'), tightest && share > 0 ? budgetName(tightest.name).id : 'nothing in use');
  const oldest = store.queues.reduce((most, queue) => Math.max(most, queue.oldest), 0);
  text($('figure-waiting'), count(summary.waiting));
  text($('figure-waiting-note'), summary.waiting ? `the oldest for ${seconds(oldest)}` : 'nobody');
  text($('figure-admitted'), count(summary.admitted));
  text($('figure-admitted-note'), perSecond(rates.admitted));
  text($('figure-refused'), count(summary.refused));
  text($('figure-refused-note'), summary.diverted ? `${count(summary.diverted)} diverted` : perSecond(rates.refused));
  text($('figure-limited'), count(summary.rateLimited));
  text($('figure-cost'), cost(summary.costUsd, summary.unpricedCalls));
  text($('figure-cost-note'), summary.unpricedCalls ? `${count(summary.unpricedCalls)} ${summary.unpricedCalls === 1 ? 'call has' : 'calls have'} no price` : rates.costUsd > 0 ? `${usd(rates.costUsd * 3600)} an hour` : 'since the start');
  showVerdict(tightest, share, oldest);
}

function showVerdict(tightest, share, oldest) {
  const worst = store.summary.pressure;
  const where = tightest ? budgetName(tightest.name).id : '';
  className($('verdict'), `verdict ${worst === 'normal' ? '' : worst}`);
  text($('verdict'),
    worst === 'act' ? `Acting: ${store.alerts.length === 1 ? '1 budget is' : `${store.alerts.length} budgets are`} near the limit`
      : worst === 'warn' ? `Near a limit: ${store.alerts.map(alert => budgetName(alert.budget).id).slice(0, 3).join(', ')}`
        : share >= store.meta.warnAt ? `${where} is filling up`
          : store.summary.waiting ? `Room to spare, ${count(store.summary.waiting)} waiting up to ${seconds(oldest)}` : 'All calm');
}

export function showAlerts() {
  $('alerts-section').hidden = store.alerts.length === 0;
  keyed($('alerts'), store.alerts, alert => alert.budget, () => element('li', {},
    element('span', { class: 'percent' }), element('span', { class: 'what' }), element('span', { class: 'since' }),
    element('span', { class: 'cause' }), element('span', { class: 'steps' }),
    element('a', { class: 'help', target: '_blank', rel: 'noopener' }, 'What this means, and what to do')), updateAlert);
}

function updateAlert(row, alert) {
  const [share, what, since, cause, steps, help] = row.children;
  const { scope, id } = budgetName(alert.budget);
  className(row, alert.level);
  text(share, percent(alert.use));
  text(what, `${scope} ${id}: ${meterName(alert.dimension, alert.window)}`);
  text(since, `since ${clock(alert.since)}`);
  text(cause, alert.cause ? `Cause: ${alert.cause}` : 'No single cause stands out.');
  steps.hidden = alert.steps.length === 0;
  text(steps, `Doing: ${alert.steps.join('; ')}`);
  help.href = `/dashboard/help.html?page=${alert.page}`;
}

export function showWaiting() {
  const rows = [];
  for (const priority of priorities) {
    const queues = store.queues.filter(queue => queue.priority === priority);
    if (queues.length) {
      rows.push({ key: priority, who: priority, isSum: true, waiting: queues.reduce((sum, queue) => sum + queue.waiting, 0), oldest: Math.max(...queues.map(queue => queue.oldest)) });
    }
  }
  const tenants = new Map();
  for (const queue of store.queues) {
    const key = `${queue.tenant}\n${queue.priority}`;
    const known = tenants.get(key) ?? { key, who: queue.tenant, priority: queue.priority, routes: new Set(), waiting: 0, oldest: 0 };
    known.routes.add(queue.route);
    tenants.set(key, { ...known, waiting: known.waiting + queue.waiting, oldest: Math.max(known.oldest, queue.oldest) });
  }
  rows.push(...[...tenants.values()].sort((a, b) => b.oldest - a.oldest).slice(0, mostQueues));
  $('waiting-empty').hidden = rows.length > 0;
  $('waiting').parentElement.hidden = rows.length === 0;
  keyed($('waiting'), rows, row => row.key, makeWaiting, (row, queue) => {
    text(row.cells[1], count(queue.waiting));
    text(row.cells[2], seconds(queue.oldest));
    if (!queue.isSum) text(row.cells[0].lastChild, waitsFor(queue));
  });
}

// For which routes, and which limit of them is the fullest, or closed. A machine that is late keeps some of a limit in hand: then calls wait below the warning.
function waitsFor({ who, routes }) {
  const fullest = [...routes].flatMap(route => store.meta.deployments.filter(({ model }) => model === route)
    .flatMap(({ account, model }) => [`deployment:${account}/${model}`, `account:${account}`])).concat(`tenant:${who}`)
    .map(name => store.budgets.get(name)).filter(budget => budget?.closedUntil || budget?.meters.length)
    .sort((a, b) => Boolean(b.closedUntil) - Boolean(a.closedUntil) || use(b) - use(a))[0];
  const wanted = `wants ${[...routes].slice(0, 3).join(', ')}`;
  if (!fullest) return wanted;
  const { id } = budgetName(fullest.name);
  if (fullest.closedUntil) return `${wanted}: ${id} is ${closing(fullest.closedUntil)}`;
  const tightest = fullest.meters.reduce((most, meter) => !most || meter.use > most.use ? meter : most, null);
  const short = meterName(tightest.dimension, tightest.window);
  return `${wanted}: ${tightest.use >= store.meta.warnAt ? `${id} is nearly out of ${short}` : `waits for ${short} of ${id}`}`;
}

const makeWaiting = queue => element('tr', { role: 'row' },
  element('td', { role: 'cell' }, element('span', { class: queue.isSum ? 'name' : '' }, queue.who), element('span', { class: 'scope' }, queue.isSum ? 'all tenants' : queue.priority), ...(queue.isSum ? [] : [element('span', { class: 'scope' })])),
  element('td', { role: 'cell', class: 'number' }), element('td', { role: 'cell', class: 'number' }));

export function showHeadroom() {
  const models = new Map();
  for (const { account, model, provider } of store.meta.deployments) {
    const own = store.budgets.get(`deployment:${account}/${model}`);
    const shared = store.budgets.get(`account:${account}`);
    const isClosed = own?.closedUntil || shared?.closedUntil;
    const free = isClosed ? 0 : Math.max(0, 1 - Math.max(own ? use(own) : 0, shared ? use(shared) : 0));
    const key = `${provider}\n${model}`;
    const known = models.get(key) ?? { key, model, provider, places: 0, open: 0, free: 0 };
    models.set(key, { ...known, places: known.places + 1, open: known.open + (isClosed ? 0 : 1), free: known.free + free });
  }
  const rows = [...models.values()].map(row => ({ ...row, free: row.free / row.places })).sort((a, b) => a.free - b.free).slice(0, mostModels);
  keyed($('headroom'), rows, row => row.key, row => element('tr', { role: 'row' },
    element('td', { role: 'cell' }, element('span', {}, row.model), element('span', { class: 'scope' }, row.provider)),
    element('td', { role: 'cell', class: 'number' }), element('td', { role: 'cell', class: 'number free' })), (node, row) => {
    text(node.cells[1], row.open === row.places ? `${row.places}` : `${row.open} of ${row.places} open`);
    text(node.cells[2], percent(row.free));
    className(node.cells[2], `number free ${level(1 - row.free)}`);
  });
}

export function showCooldowns() {
  const closed = [...store.budgets.values()].filter(budget => budget.closedUntil).slice(0, 20);
  $('cooldowns-empty').hidden = closed.length > 0;
  keyed($('cooldowns'), closed, budget => budget.name, budget =>
    element('li', {}, element('span', {}, budgetName(budget.name).id), element('span', { class: 'closed' })), (row, budget) => {
    text(row.lastChild, `${closing(budget.closedUntil)}, until ${clock(budget.closedUntil)}`);
  });
}
