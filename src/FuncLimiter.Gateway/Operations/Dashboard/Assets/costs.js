// What calls of the last 24 hours cost, by what they were for: out of the ledger, the dearest first.
import { $, element, keyed, text } from './dom.js';
import { cost, count, percent } from './format.js';
import { store } from './store.js';
import { base, headers } from './stream.js';

const readEvery = 30_000;
const readSooner = 3_000;
const grownBy = 1.1;
const most = 15;
const groups = { workflow: ['workflow'], step: ['step', 'workflow'], run: ['run', 'workflow'], user: ['user', 'tenant'], model: ['model'] };
const nameless = { workflow: 'no workflow named', step: 'no step named', run: 'no run named', user: 'no user named', model: 'served by none' };

let readAt = 0;
let costThen = 0;
let workflow = null;

// Called with every frame; reads now and then, sooner while what is shown is far from what it is, and only while somebody looks.
export function show() {
  const isFarOff = store.summary.costUsd > costThen * grownBy;
  if (document.hidden || Date.now() - readAt < (isFarOff ? readSooner : readEvery)) return;
  costThen = store.summary.costUsd;
  readAt = Date.now();
  read();
}

$('costs-by').addEventListener('change', () => choose(null));
$('costs-all').addEventListener('click', () => { $('costs-by').value = 'workflow'; choose(null); });

function choose(name) {
  workflow = name;
  $('costs-all').hidden = name === null;
  readAt = Date.now();
  read();
}

async function read() {
  const began = readAt;
  const by = groups[$('costs-by').value];
  const query = new URLSearchParams({ by: by.join(), order: 'cost', limit: most });
  if (workflow !== null) query.set('workflow', workflow);
  const response = await fetch(`${base}/usage?${query}`, { headers: headers(), cache: 'no-store' }).catch(() => null);
  const answer = await response?.json().catch(() => null);

  // Somebody has chosen otherwise meanwhile.
  if (began !== readAt) return;
  const rows = response?.ok ? answer.rows : [];
  text($('costs-total'), response?.ok ? `${cost(answer.total.costUsd, answer.total.unpricedCalls)} in 24 hours` : '');
  text($('costs-empty'), response?.ok ? 'No call has ended in the last 24 hours.' : answer?.error?.message ?? 'The ledger could not be read.');
  $('costs-empty').hidden = rows.length > 0;
  keyed($('costs'), rows, row => JSON.stringify(by.map(name => row[name])), row => make(row, by), update);
}

function make(row, [by, of]) {
  const name = row[by] ?? nameless[by];
  const label = by === 'workflow' ? element('button', { type: 'button', class: 'more', 'aria-label': `Runs of ${name}` }, name) : element('span', { class: 'name' }, name);
  label.addEventListener('click', () => {
    if (by !== 'workflow') return;
    $('costs-by').value = 'run';
    choose(row.workflow ?? '');
  });
  const number = () => element('td', { role: 'cell', class: 'number' });
  return element('tr', { role: 'row' },
    element('td', { role: 'cell' }, label, ...(of ? [element('span', { class: 'scope' }, row[of] ?? nameless[of])] : [])),
    number(), number(), number(), number());
}

function update(node, row) {
  text(node.cells[1], count(row.calls));
  text(node.cells[2], count(row.inputTokens + row.outputTokens));
  text(node.cells[3], cost(row.costUsd, row.unpricedCalls));
  text(node.cells[4], row.shareOfCost === null ? '–' : percent(row.shareOfCost));
}
