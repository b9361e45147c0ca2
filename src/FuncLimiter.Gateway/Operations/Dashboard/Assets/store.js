// What the server has told: whole at first, then changes.
export const store = {
  meta: { warnAt: 0.8, actAt: 0.9, deployments: [] },
  at: null,
  summary: null,
  rates: { admitted: 0, refused: 0, costUsd: 0 },
  budgets: new Map(),
  tenants: new Map(),
  queues: [],
  queuesInAll: 0,
  alerts: [],
};

const rateMemory = 5;
let before = null;

export function take(frame) {
  if (frame.meta) {
    store.meta = frame.meta;
    store.budgets.clear();
    store.tenants.clear();
    before = null;
  }
  for (const budget of frame.budgets) store.budgets.set(budget.name, budget);
  for (const name of frame.budgetsGone) store.budgets.delete(name);
  for (const tenant of frame.tenants) store.tenants.set(tenant.id, tenant);
  for (const id of frame.tenantsGone) store.tenants.delete(id);
  store.queues = frame.queues;
  store.queuesInAll = frame.queuesInAll;
  store.alerts = frame.alerts;
  store.summary = frame.summary;
  store.at = frame.at;
  takeRates(frame);
}

export const use = budget => budget.meters.reduce((most, meter) => Math.max(most, meter.use), 0);

export const level = share => share >= store.meta.actAt ? 'act' : share >= store.meta.warnAt ? 'warn' : '';

function takeRates(frame) {
  const at = Date.parse(frame.at);
  if (before && at > before.at) {
    const elapsed = (at - before.at) / 1000;
    const weight = 1 - Math.exp(-elapsed / rateMemory);
    for (const key of Object.keys(store.rates)) {
      const now = Math.max(0, (frame.summary[key] - before.summary[key]) / elapsed);
      store.rates[key] = before.isFirst ? now : store.rates[key] + weight * (now - store.rates[key]);
    }
  }
  before = { at, summary: frame.summary, isFirst: before === null };
}
