/** The page: for traders and operators, in English and Persian. */
import { createApp } from 'vue';
import { loadSession } from './accounts/session';
import { connectLive } from './api/live';
import { loadRegistry } from './api/registry';
import App from './App.vue';
import { currentLocale, i18n, useLanguage } from './i18n';
import { router } from './router';
import './style/base.css';
import './style/frame.css';
import './style/controls.css';
import './style/lists.css';
import './style/pages.css';

useLanguage(currentLocale());
connectLive();
// A page without the exchange behind it is still a page: each part says itself that there is no answer.
void Promise.allSettled([loadSession(), loadRegistry()]).then(() => {
  createApp(App).use(i18n).use(router).mount('#app');
});
