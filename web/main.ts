/** The page: for traders and operators, in English and Persian. */
import { createApp } from 'vue';
import { knowSession } from './accounts/session';
import { ensureLive } from './api/live';
import { loadRegistry } from './api/registry';
import App from './App.vue';
import { currentLocale, i18n, useLanguage } from './i18n';
import { router } from './router';
import './style/base.css';
import './style/frame.css';
import './style/controls.css';
import './style/lists.css';
import './style/pages.css';

/** Stands in the page until it is known who is logged in. */
const say = (words: string): void => {
  const place = document.getElementById('waiting');
  if (place) place.textContent = words;
};
const spoken = useLanguage(currentLocale());
const listed = loadRegistry();
void knowSession(() => void spoken.then(() => say(i18n.global.t('app.offline')))).then(async () => {
  ensureLive();
  await Promise.all([spoken, listed]);
  createApp(App).use(i18n).use(router).mount('#app');
});
