/** `npm run picture`: draws docs/architecture.svg from the imports as they are. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from '../../deploy/cli/lifetime';
import { line } from '../../deploy/cli/print';
import { ROOT } from '../../deploy/config/paths';
import { currentArrows } from '../checks/imports';
import { PICTURE, pictureOf } from '../checks/picture';

runCommand(async () => {
  const file = join(ROOT, PICTURE);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, pictureOf(currentArrows()));
  line(`  ${PICTURE}`);
  return 0;
});
