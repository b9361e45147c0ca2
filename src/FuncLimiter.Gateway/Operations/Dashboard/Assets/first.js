// Before the first call: how to send one, and one sent from here.
import { $, element, text } from './dom.js';
import { store } from './store.js';
import { calls } from './stream.js';

const dialog = $('try');
const address = location.origin + calls;

const models = () => [...new Set(store.meta.deployments.map(deployment => deployment.model))];

export function showFirst() {
  const { admitted, refused, waiting } = store.summary;
  $('first').hidden = admitted + refused + waiting > 0;
  if (!$('first').hidden) {
    text($('first-how'), [
      `export OPENAI_BASE_URL=${address}/v1`,
      `export ANTHROPIC_BASE_URL=${address}`,
      '',
      `curl ${address}/v1/chat/completions \\`,
      "  -H 'Content-Type: application/json' -H \"Authorization: Bearer $KEY\" \\",
      `  -d '{"model":"${models()[0] ?? 'MODEL'}","messages":[{"role":"user","content":"Say hello."}],"max_tokens":20}'`,
    ].join('\n'));
  }
}

for (const button of document.querySelectorAll('.try')) {
  button.addEventListener('click', () => {
    $('try-model').replaceChildren(...models().map(model => element('option', {}, model)));
    text($('try-answer'), '');
    dialog.showModal();
  });
}

$('try-do').addEventListener('click', async event => {
  event.preventDefault();
  if (!dialog.querySelector('form').reportValidity()) return;
  $('try-do').disabled = true;
  text($('try-answer'), 'Sent; waiting for its turn and the answer.');
  text($('try-answer'), await send($('try-model').value, $('try-key').value, $('try-text').value));
  $('try-do').disabled = false;
});

async function send(model, key, content) {
  const response = await fetch(`${calls}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Priority': 'interactive', 'X-Workflow': 'tried', ...(key ? { Authorization: `Bearer ${key}` } : {}) },
    body: JSON.stringify({ model, messages: [{ role: 'user', content }], max_tokens: 200 }),
  }).catch(() => null);
  const said = await response?.json().catch(() => null);
  if (!response) return 'The server could not be reached.';
  if (!response.ok) return `Refused with ${response.status}: ${said?.error?.message ?? 'no reason was told.'}`;
  const waited = response.headers.get('X-FuncLimiter-Waited-Ms');
  return `Answered by ${response.headers.get('X-FuncLimiter-Deployment')}${waited ? `, after ${waited} ms of waiting` : ''}: ${said?.choices?.[0]?.message?.content ?? ''}`;
}
