// What an operator may change: asked first, then sent to /admin.
import { $, element, text } from './dom.js';
import { budgetName, meterAmount, meterName, meterUnits, words } from './format.js';
import { askKey, base, headers } from './stream.js';

const dialog = $('action');
let current = null;

$('action-do').addEventListener('click', async event => {
  event.preventDefault();
  const form = dialog.querySelector('form');
  if (!form.reportValidity()) return;
  const { path, method, body } = current.request(new FormData(form));
  const send = () => fetch(base + path, { method, headers: { ...headers(), 'Content-Type': 'application/json' }, body: JSON.stringify(body) }).catch(() => null);
  let response = await send();
  if (response?.status === 401) {
    await askKey();
    response = await send();
  }
  if (response?.ok) {
    dialog.close();
    return;
  }
  const said = await response?.json().catch(() => null);
  $('action-error').hidden = false;
  text($('action-error'), said?.error?.message ?? 'The server could not be reached.');
});

function ask({ title, what, fields, request }) {
  current = { request };
  text($('action-title'), title);
  text($('action-what'), what);
  $('action-error').hidden = true;
  $('action-fields').replaceChildren(...fields);
  dialog.showModal();
}

const choice = (name, value, label, checked) => {
  const input = element('input', { type: 'radio', name, value, required: '' });
  input.checked = checked;
  return element('label', {}, input, label);
};

const field = (name, label, attributes) => element('label', { class: 'field', 'data-for': name }, label, element('input', { name, ...attributes }));

export function actOnBudget(budget) {
  const { scope, id } = budgetName(budget.name);
  const choices = [
    choice('act', 'pause-300', 'Pause for 5 minutes', true),
    choice('act', 'pause-3600', 'Pause for an hour'),
    ...(budget.closedUntil ? [choice('act', 'resume', 'Open it again now')] : []),
    ...(scope === 'user' ? [] : budget.meters.map(meter => choice('act', `limit ${meter.dimension} ${meter.window}`, `Set the limit of ${meterName(meter.dimension, meter.window)} (now ${meterAmount(meter.dimension, meter.configured)})`))),
    ...budget.meters.filter(meter => meter.charged && !meter.pinned).map(meter => choice('act', `pin ${meter.dimension} ${meter.charged}`, `Pin how it is charged: ${words(meter.charged)}`)),
    ...(scope === 'account' || scope === 'deployment' || scope === 'shared' ? [choice('act', 'forget', 'Forget what was learned of it')] : []),
  ];
  ask({
    title: id,
    what: `A ${scope}. Whatever you do takes effect at once and is written to the audit.`,
    fields: [element('fieldset', { class: 'choices' }, element('legend', { class: 'hidden' }, 'What to do'), ...choices),
      field('amount', 'New limit, where it is to be set', { type: 'number', min: 0.01, step: 'any' }), reason()],
    request: form => {
      const [what, dimension, window] = form.get('act').split(/[- ]/);
      const note = form.get('reason');
      return what === 'pause' ? put('/admin/pauses', { scope: budget.name, seconds: Number(dimension), reason: note })
        : what === 'resume' ? put('/admin/pauses', { scope: budget.name, seconds: 0, reason: note })
          : what === 'pin' ? put('/admin/learned', { scope: budget.name, dimension, rule: window, reason: note })
            : what === 'forget' ? put('/admin/learned', { scope: budget.name, reason: note })
              : put('/admin/limits', { scope: budget.name, dimension, windowSeconds: Number(window), amount: meterUnits(dimension, Number(form.get('amount'))), reason: note });
    },
  });
}

export function actOnTenant(tenant) {
  ask({
    title: tenant.id,
    what: `A tenant of weight ${tenant.weight}. Whatever you do takes effect at once and is written to the audit.`,
    fields: [element('fieldset', { class: 'choices' }, element('legend', { class: 'hidden' }, 'What to do'),
      choice('act', 'weight', 'Set its weight', true), choice('act', 'pause', 'Pause it for 5 minutes'), choice('act', 'resume', 'Let it go on'), choice('act', 'revoke', 'Revoke a key')),
    field('weight', 'New weight', { type: 'number', min: 0.01, step: 'any', value: tenant.weight }),
    field('hash', 'The key to revoke: its SHA-256, as the configuration has it', { type: 'text', pattern: '(sha256:)?[0-9a-fA-F]{64}', autocomplete: 'off' }), reason()],
    request: form => {
      const note = form.get('reason');
      return {
        weight: () => put('/admin/weights', { tenant: tenant.id, weight: Number(form.get('weight')), reason: note }),
        pause: () => put('/admin/pauses', { scope: `tenant:${tenant.id}`, seconds: 300, reason: note }),
        resume: () => put('/admin/pauses', { scope: `tenant:${tenant.id}`, seconds: 0, reason: note }),
        revoke: () => put('/admin/revocations', { tenant: tenant.id, hash: form.get('hash'), reason: note }),
      }[form.get('act')]();
    },
  });
}

const reason = () => field('reason', 'Why, for the audit', { type: 'text', maxlength: 200, autocomplete: 'off' });
const put = (path, body) => ({ path, method: 'POST', body });
