-- Creates engine-api's database on MariaDB 10.6 or later, and two users:
--
--   aura_engine_api          the service: reads, adds and completes records. It
--                            can delete none, and cannot touch the schema.
--   aura_engine_api_migrate  the schema: engine-api migrate up, once per update.
--
-- Nobody has a password by default. Choose two, and in a client that is
-- connected as an administrator (sudo mariadb) say:
--
--   SET @aura_password = '…', @aura_migrate_password = '…';
--   SOURCE deploy/mariadb/create-database.sql
--
-- Both connect from this host; for another one, SET @aura_host = '192.0.2.7'
-- before. Running it again changes the passwords and keeps the data.

DELIMITER //
BEGIN NOT ATOMIC
  DECLARE service, migrate VARCHAR(300);
  IF COALESCE(CHAR_LENGTH(@aura_password), 0) < 12 OR COALESCE(CHAR_LENGTH(@aura_migrate_password), 0) < 12
    OR @aura_password = @aura_migrate_password THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
      'first SET @aura_password and @aura_migrate_password: different ones, at least 12 characters each';
  END IF;
  SET service = CONCAT('aura_engine_api@', QUOTE(COALESCE(@aura_host, 'localhost')));
  SET migrate = CONCAT('aura_engine_api_migrate@', QUOTE(COALESCE(@aura_host, 'localhost')));

  CREATE DATABASE IF NOT EXISTS aura_engine_api CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

  EXECUTE IMMEDIATE CONCAT('CREATE USER IF NOT EXISTS ', service, ' IDENTIFIED BY ', QUOTE(@aura_password));
  EXECUTE IMMEDIATE CONCAT('ALTER USER ', service, ' IDENTIFIED BY ', QUOTE(@aura_password));
  EXECUTE IMMEDIATE CONCAT('GRANT SELECT, INSERT, UPDATE ON aura_engine_api.* TO ', service);

  EXECUTE IMMEDIATE CONCAT('CREATE USER IF NOT EXISTS ', migrate, ' IDENTIFIED BY ', QUOTE(@aura_migrate_password));
  EXECUTE IMMEDIATE CONCAT('ALTER USER ', migrate, ' IDENTIFIED BY ', QUOTE(@aura_migrate_password));
  EXECUTE IMMEDIATE CONCAT(
    'GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP ON aura_engine_api.* TO ', migrate);

  SET @aura_password = NULL, @aura_migrate_password = NULL;
END //
DELIMITER ;
