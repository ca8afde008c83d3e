/**
 * `npm run proof`, as deploy/cli/proof.ts says; where no settings are given and nothing runs here, a local world is
 * started for it.
 */
import { main } from '../../deploy/cli/proof';
import { runCommand } from '../../deploy/cli/lifetime';
import { localSettings } from '../../deploy/config/running';
import { loadEnvFile } from '../../deploy/config';
import { withWorld } from '../world';

runCommand(async () => (loadEnvFile().DATABASE_URL || (await localSettings()) ? main() : withWorld(main)));
