// Before the first paint: the theme chosen last, else the system's.
(() => {
  const kept = localStorage.getItem('funclimiter-theme');
  if (kept === 'light' || kept === 'dark') document.documentElement.dataset.theme = kept;
})();
