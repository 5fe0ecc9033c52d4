import { load } from 'neurolume';

const state = document.querySelector('[data-testid=state]')!;
load().then(
  () => (state.textContent = 'ready'),
  (error) => (state.textContent = `failed: ${error}`),
);
