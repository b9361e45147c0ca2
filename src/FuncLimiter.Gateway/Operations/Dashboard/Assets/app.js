import { $, className, text } from './dom.js';
import { store, take } from './store.js';
import { follow } from './stream.js';
import * as budgets from './budgets.js';
import * as tenants from './tenants.js';
import * as panels from './panels.js';
import * as costs from './costs.js';
import * as events from './events.js';
import { showFirst } from './first.js';

let isDrawn = true;
let fresh = [];

follow({
  onFrame: frame => {
    take(frame);
    fresh.push(...frame.events);
    if (isDrawn) {
      isDrawn = false;
      requestAnimationFrame(draw);
    }
  },
  onState: (state, words) => {
    className($('link'), `link ${state}`);
    text($('link-text'), words);
  },
});

function draw() {
  isDrawn = true;
  if (!store.summary) return;
  showFirst();
  panels.showFigures();
  panels.showAlerts();
  panels.showWaiting();
  panels.showHeadroom();
  panels.showCooldowns();
  budgets.show();
  tenants.show();
  costs.show();
  events.add(fresh);
  fresh = [];
}

$('theme').addEventListener('click', () => {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = isDark ? 'light' : 'dark';
  localStorage.setItem('funclimiter-theme', root.dataset.theme);
});
