// Keeps oidc-provider's records in PostgreSQL: one row a record, each change its own committed transaction, statements prepared once a
// connection. Indexed as much as revocation by grant and the removal of expired rows need, and no more.
import pg from 'pg';

const pool = new pg.Pool({ max: 10 }); // Where the database is comes from PGHOST, PGUSER and so on.

export function createTables() {
  return pool.query(`
    CREATE TABLE IF NOT EXISTS records (
      kind text NOT NULL, id text NOT NULL, payload json NOT NULL,
      grant_id text, uid text, user_code text, expires_at timestamptz, consumed_at timestamptz,
      PRIMARY KEY (kind, id));
    CREATE INDEX IF NOT EXISTS records_by_grant ON records (grant_id) WHERE grant_id IS NOT NULL;
    CREATE INDEX IF NOT EXISTS records_by_uid ON records (uid) WHERE uid IS NOT NULL;
    CREATE INDEX IF NOT EXISTS records_by_user_code ON records (user_code) WHERE user_code IS NOT NULL;
    CREATE INDEX IF NOT EXISTS records_by_end ON records (expires_at) WHERE expires_at IS NOT NULL`);
}

export class PostgresAdapter {
  constructor(kind) {
    this.kind = kind;
  }

  async upsert(id, payload, expiresIn) {
    await run('upsert', `
      INSERT INTO records (kind, id, payload, grant_id, uid, user_code, expires_at)
      VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))
      ON CONFLICT (kind, id) DO UPDATE SET payload = EXCLUDED.payload, grant_id = EXCLUDED.grant_id, uid = EXCLUDED.uid,
        user_code = EXCLUDED.user_code, expires_at = EXCLUDED.expires_at`,
      [this.kind, id, JSON.stringify(payload), payload.grantId ?? null, payload.uid ?? null, payload.userCode ?? null, expiresIn ?? null]);
  }

  find(id) {
    return this.one('find', 'id = $2', id);
  }

  findByUid(uid) {
    return this.one('find-by-uid', 'uid = $2', uid);
  }

  findByUserCode(userCode) {
    return this.one('find-by-user-code', 'user_code = $2', userCode);
  }

  async consume(id) {
    await run('consume', 'UPDATE records SET consumed_at = now() WHERE kind = $1 AND id = $2', [this.kind, id]);
  }

  async destroy(id) {
    await run('destroy', 'DELETE FROM records WHERE kind = $1 AND id = $2', [this.kind, id]);
  }

  async revokeByGrantId(grantId) {
    await run('revoke', 'DELETE FROM records WHERE kind = $1 AND grant_id = $2', [this.kind, grantId]);
  }

  async one(name, condition, value) {
    const { rows } = await run(
      name,
      `SELECT payload, consumed_at FROM records WHERE kind = $1 AND ${condition} AND (expires_at IS NULL OR expires_at > now())`,
      [this.kind, value]);
    if (rows.length === 0) return undefined;
    const [{ payload, consumed_at: consumedAt }] = rows;
    return consumedAt ? { ...payload, consumed: Math.floor(consumedAt.getTime() / 1000) } : payload;
  }
}

function run(name, text, values) {
  return pool.query({ name, text, values });
}
