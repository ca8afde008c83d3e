# Read by the database's container when it is made: the two users, with the passwords of the environment.
sed -e "s/MIGRATE_PASSWORD/$JAVIZEN_DB_MIGRATE_PASSWORD/" -e "s/APPLICATION_PASSWORD/$JAVIZEN_DB_PASSWORD/" /javizen/database-users.sql | docker_process_sql
