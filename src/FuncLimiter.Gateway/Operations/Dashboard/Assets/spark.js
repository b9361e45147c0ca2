// The last hour as a small line: the top edge is the limit.
const ns = 'http://www.w3.org/2000/svg';
const points = 120;
const leastPoints = 20;
const height = 30;

export function spark() {
  const svg = document.createElementNS(ns, 'svg');
  svg.setAttribute('class', 'spark');
  svg.setAttribute('viewBox', `0 0 ${points} ${height}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', 'No history yet');
  for (const [tag, name] of [['line', 'level'], ['path', 'area'], ['path', 'stroke']]) {
    const part = document.createElementNS(ns, tag);
    part.setAttribute('class', name);
    svg.append(part);
  }
  for (const [name, value] of [['x1', 0], ['x2', points], ['y1', 0.5], ['y2', 0.5]]) svg.firstChild.setAttribute(name, value);
  return svg;
}

export function draw(svg, values, percent) {
  if (!values.length) return;
  if (values.length === 1) values = [values[0], values[0]];
  // A young history is stretched: ten minutes at least.
  const shown = Math.max(leastPoints, values.length);
  const step = points / (shown - 1);
  const start = shown - values.length;
  const y = value => (height - Math.min(1, value / 1000) * (height - 1)).toFixed(1);
  const line = values.map((value, i) => `${i ? 'L' : 'M'}${((start + i) * step).toFixed(1)},${y(value)}`).join('');
  svg.children[1].setAttribute('d', `${line}L${points},${height}L${(start * step).toFixed(1)},${height}Z`);
  svg.children[2].setAttribute('d', line);
  const most = Math.max(...values) / 1000;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length / 1000;
  svg.setAttribute('aria-label', `Last hour: ${percent(mean)} in the mean, ${percent(most)} at most`);
}
