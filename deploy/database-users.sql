-- The two users of the database. Run this once as its administrator, with two passwords of your own in place of
-- those below, and with the host that the exchange calls from in place of '%'.
--   javizen_migrate   changes the tables and gives the other its rights; its address is DATABASE_MIGRATE_URL
--   javizen           is the exchange: it reads and adds, and changes only what it must; its address is DATABASE_URL
-- The second gets its rights at each start (or from npm run migrate), table by table: see db/rights.ts.
CREATE DATABASE IF NOT EXISTS javizen CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE USER IF NOT EXISTS 'javizen_migrate'@'%' IDENTIFIED BY 'MIGRATE_PASSWORD';
GRANT ALL PRIVILEGES ON javizen.* TO 'javizen_migrate'@'%' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS 'javizen'@'%' IDENTIFIED BY 'APPLICATION_PASSWORD';
