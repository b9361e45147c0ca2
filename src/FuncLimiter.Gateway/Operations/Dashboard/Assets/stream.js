// Server-sent events read by fetch, so that the admin key can go along in a header.
const longestPause = 15_000;

// What the page reads and sends lies beside it. Under /operator, in a Functions app, the host asks for a function key instead of an admin's;
// where the page's own address holds it, it goes along.
export const base = location.pathname.replace(/\/dashboard\/?$/, '');
const hostAsks = base.endsWith('/operator');

// Calls lie beside the page as well, but for those whose page is under /operator.
export const calls = hostAsks ? base.slice(0, -'/operator'.length) : base;
let key = (hostAsks && new URLSearchParams(location.search).get('code')) || sessionStorage.getItem('funclimiter-key');

export const headers = () => !key ? {} : hostAsks ? { 'x-functions-key': key } : { Authorization: `Bearer ${key}` };

function useKey(value) {
  key = value;
  sessionStorage.setItem('funclimiter-key', value);
}

// Asks for the admin key; it is kept for this tab.
export function askKey() {
  const dialog = document.getElementById('key');
  const field = document.getElementById('key-value');
  return new Promise(done => {
    dialog.addEventListener('close', () => { useKey(field.value); done(); }, { once: true });
    dialog.showModal();
  });
}

export async function follow({ onFrame, onState }) {
  for (let failures = 0; ; failures++) {
    try {
      const response = await fetch(`${base}/dashboard/events`, { headers: headers(), cache: 'no-store' });
      if (response.status === 401) {
        onState('lost', 'needs a key');
        await askKey();
        continue;
      }
      if (!response.ok) throw new Error(`answered ${response.status}`);
      onState('live', 'live');
      await read(response.body.getReader(), frame => { failures = 0; onFrame(frame); });
    } catch (error) {
      console.warn('The stream of events broke off.', error);
    }
    onState('lost', 'reconnecting');
    await new Promise(done => setTimeout(done, Math.min(longestPause, 500 * 2 ** failures)));
  }
}

async function read(reader, onFrame) {
  const decoder = new TextDecoder();
  const parts = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    let text = decoder.decode(value, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      parts.push(text.slice(0, end));
      onFrame(JSON.parse(parts.join('').slice('data: '.length)));
      parts.length = 0;
      text = text.slice(end + 2);
    }
    if (text) parts.push(text);
  }
}
