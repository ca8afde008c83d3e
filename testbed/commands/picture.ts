/** `npm run picture`: draws docs/architecture.svg from the imports, and docs/lifecycles.md from the tables, as they are. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from '../../deploy/cli/lifetime';
import { line } from '../../deploy/cli/print';
import { ROOT } from '../../deploy/config/paths';
import { currentArrows } from '../checks/imports';
import { LIFECYCLES_PAGE, lifecyclesPage } from '../checks/lifecycles';
import { PICTURE, pictureOf } from '../checks/picture';

runCommand(async () => {
  for (const [path, text] of [
    [PICTURE, pictureOf(currentArrows())],
    [LIFECYCLES_PAGE, lifecyclesPage()],
  ] as const) {
    const file = join(ROOT, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    line(`  ${path}`);
  }
  return 0;
});
