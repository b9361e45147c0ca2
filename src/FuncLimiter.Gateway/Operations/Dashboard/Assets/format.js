// How figures are written.
const amounts = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, notation: 'compact' });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export const percent = share => `${share < 0.0995 && share > 0 ? (share * 100).toFixed(1) : Math.round(share * 100)} %`;
export const amount = value => value < 10_000 ? whole.format(value) : amounts.format(value).replace('K', 'k');
export const count = value => whole.format(value);
export const usd = value => value >= 100 ? `$${whole.format(value)}` : value >= 0.1 ? `$${value.toFixed(2)}` : value > 0 ? `$${value.toFixed(4)}` : '$0';

export const seconds = value =>
  value < 1 ? `${Math.round(value * 1000)} ms`
    : value < 10 ? `${value.toFixed(1)} s`
      : value < 120 ? `${Math.round(value)} s`
        : value < 7200 ? `${Math.round(value / 60)} min`
          : value < 172_800 ? `${(value / 3600).toFixed(1)} h` : `${Math.round(value / 86_400)} days`;

export const perSecond = value => value >= 10 ? `${Math.round(value)} a second` : value > 0 ? `${value.toFixed(1)} a second` : 'none just now';

// What calls cost, where some of them have no price: the known part is the least that it can be.
export const cost = (value, unpriced) =>
  value === null ? 'unknown' : unpriced ? `at least ${usd(value)}` : usd(value);

const nanoUsd = 'costNanoUsd';
const perUsd = 1e9;
const dimensions = { requests: 'requests', tokens: 'tokens', inputTokens: 'input tokens', outputTokens: 'output tokens', concurrent: 'calls at once', [nanoUsd]: 'money' };
const windows = { 0: '', 1: ' a second', 60: ' a minute', 3600: ' an hour', 86400: ' a day' };
const span = window => window in windows ? windows[window] : ` in ${seconds(window)}`;
export const meterName = (dimension, window) => (dimensions[dimension] ?? dimension) + span(window);

// promptAndMaxOutput as people read it.
export const words = name => name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`);

// Amounts of a meter as people read them, and as they are written down. A billionth of a dollar is the unit of money.
export const meterAmount = (dimension, value) => dimension === nanoUsd ? usd(value / perUsd) : amount(value);
export const meterUnits = (dimension, value) => dimension === nanoUsd ? Math.round(value * perUsd) : value;
export const meterText = ({ dimension, window, taken, capacity, configured, effective }) => {
  const limit = Math.min(configured, effective);
  const atOnce = capacity < limit * 0.995 ? `${meterAmount(dimension, capacity)} at once, ` : '';
  const whole = dimension === nanoUsd ? `${usd(limit / perUsd)}${span(window)}` : `${amount(limit)} ${meterName(dimension, window)}`;
  return `${meterAmount(dimension, taken)} of ${atOnce}${whole}`;
};

// "deployment:openai-east/gpt-x" is openai-east/gpt-x, a deployment.
export const budgetName = name => {
  const colon = name.indexOf(':');
  return { scope: name.slice(0, colon), id: name.slice(colon + 1) };
};

export const clock = at => new Date(at).toLocaleTimeString('en-GB');
