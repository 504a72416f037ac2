-- Creates a service's database on MariaDB 10.6 or later, and two users. For
-- engine-api:
--
--   aura_engine_api          the service: reads, adds and completes records. It
--                            can delete none but old health, and cannot touch the schema.
--   aura_engine_api_migrate  the schema: engine-api migrate up, once per update.
--
-- Nobody has a password by default. Choose two passwords. In a client that is
-- connected as an administrator (sudo mariadb), enter:
--
--   SET @aura_password = '…', @aura_migrate_password = '…';
--   SOURCE deploy/mariadb/create-database.sql
--
-- For the sync node, enter SET @aura_service = 'sync_node' first. Then the
-- database and the users are aura_sync_node and aura_sync_node_migrate. For a
-- status monitor that keeps its notes here, enter
-- SET @aura_service = 'status_monitor' first. One of several instances on a host has a
-- database of its own: enter SET @aura_instance = 'web' first for aura_engine_api_web,
-- without the hyphens of its name. Both users connect from this host. If they connect
-- from another host, enter SET @aura_host = '192.0.2.7' first.
-- To purge old plays, enter SET @aura_purge = 1 first, on every host: the service may
-- then also delete plays and corrections.
-- Running the script again changes the passwords and keeps the data.

DELIMITER //
BEGIN NOT ATOMIC
  DECLARE kind VARCHAR(64) DEFAULT COALESCE(@aura_service, 'engine_api');
  DECLARE name VARCHAR(64) DEFAULT CONCAT('aura_', kind, IF(COALESCE(@aura_instance, '') = '', '', CONCAT('_', @aura_instance)));
  DECLARE service, migrate VARCHAR(300);
  IF kind NOT IN ('engine_api', 'sync_node', 'status_monitor') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '@aura_service must be engine_api, sync_node or status_monitor';
  END IF;
  -- An underscore in the name of a database stands for any character in a GRANT.
  IF COALESCE(@aura_instance, '') NOT REGEXP BINARY '^([a-z][a-z0-9]{0,10})?$' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '@aura_instance must have at most 11 lower case letters and digits';
  END IF;
  IF COALESCE(CHAR_LENGTH(@aura_password), 0) < 12 OR COALESCE(CHAR_LENGTH(@aura_migrate_password), 0) < 12
    OR @aura_password = @aura_migrate_password THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
      'first SET @aura_password and @aura_migrate_password: different ones, at least 12 characters each';
  END IF;
  SET service = CONCAT(name, '@', QUOTE(COALESCE(@aura_host, 'localhost')));
  SET migrate = CONCAT(name, '_migrate@', QUOTE(COALESCE(@aura_host, 'localhost')));

  EXECUTE IMMEDIATE CONCAT('CREATE DATABASE IF NOT EXISTS ', name, ' CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci');

  EXECUTE IMMEDIATE CONCAT('CREATE USER IF NOT EXISTS ', service, ' IDENTIFIED BY ', QUOTE(@aura_password));
  EXECUTE IMMEDIATE CONCAT('ALTER USER ', service, ' IDENTIFIED BY ', QUOTE(@aura_password));
  EXECUTE IMMEDIATE CONCAT('GRANT SELECT, INSERT, UPDATE ON ', name, '.* TO ', service);
  -- Some rows are not records: notes on what was refused, who is signed in, and data
  -- that the service derives and can derive again. A right to a table that does not
  -- exist yet can only be granted together with CREATE. CREATE is revoked at once.
  FOR t IN (
    SELECT 'parked' AS deletable UNION ALL
    SELECT 'session' FROM DUAL WHERE kind IN ('engine_api', 'sync_node') UNION ALL -- signing out
    SELECT 'heard_rule' FROM DUAL WHERE kind IN ('engine_api', 'sync_node') UNION ALL
    SELECT 'health' FROM DUAL WHERE kind IN ('engine_api', 'sync_node') UNION ALL -- AURA_PURGE_HEALTH_AFTER
    SELECT 'playlog' FROM DUAL WHERE @aura_purge = 1 AND kind IN ('engine_api', 'sync_node') UNION ALL
    SELECT 'correction' FROM DUAL WHERE @aura_purge = 1 AND kind IN ('engine_api', 'sync_node') UNION ALL
    SELECT 'heard' FROM DUAL WHERE kind = 'engine_api' UNION ALL
    SELECT 'heard_pending' FROM DUAL WHERE kind = 'engine_api' UNION ALL
    SELECT 'onair' FROM DUAL WHERE kind = 'sync_node' UNION ALL
    SELECT 'onair_rule' FROM DUAL WHERE kind = 'sync_node' UNION ALL
    SELECT 'changed' FROM DUAL WHERE kind = 'sync_node'
  ) DO
    EXECUTE IMMEDIATE CONCAT('GRANT DELETE, CREATE ON ', name, '.', t.deletable, ' TO ', service);
    EXECUTE IMMEDIATE CONCAT('REVOKE CREATE ON ', name, '.', t.deletable, ' FROM ', service);
  END FOR;

  EXECUTE IMMEDIATE CONCAT('CREATE USER IF NOT EXISTS ', migrate, ' IDENTIFIED BY ', QUOTE(@aura_migrate_password));
  EXECUTE IMMEDIATE CONCAT('ALTER USER ', migrate, ' IDENTIFIED BY ', QUOTE(@aura_migrate_password));
  EXECUTE IMMEDIATE CONCAT(
    'GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP ON ', name, '.* TO ', migrate);

  SET @aura_password = NULL, @aura_migrate_password = NULL, @aura_purge = NULL;
END //
DELIMITER ;
