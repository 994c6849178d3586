import { randomUUID } from 'node:crypto';
import assert from 'node:assert/strict';
import * as jose from 'jose';
import { transport } from './transport.mjs';

/**
 * A third party that the bank has never heard of: makes its keys, gets a software statement and a certificate from the directory, and
 * registers in the way that `register` knows. What it learns is added to what it was told of itself.
 */
export async function enrol(third, publish, register) {
  const pair = await jose.generateKeyPair(third.algorithm, { extractable: true, modulusLength: 2048 });
  const certificatePair = await jose.generateKeyPair('ES256', { extractable: true });
  const named = async (key) => ({ ...(await jose.exportJWK(key)), kid: 'first', alg: third.algorithm, use: 'sig' });
  third.key = await named(pair.privateKey);
  third.jwksUri = `https://keys.tpp.example/${randomUUID()}`;
  await publish(third.jwksUri, JSON.stringify({ keys: [await named(pair.publicKey)] }));

  const asked = { client_name: 'Interop', redirect_uris: [third.redirectUri], roles: ['AISP'], jwks_uri: third.jwksUri, jwk: await jose.exportJWK(certificatePair.publicKey) };
  const answer = await transport({ ca: third.ca })(`${third.directory}/software`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(asked),
  });
  assert.equal(answer.status, 201, await answer.clone().text());
  const entry = await answer.json();
  const certificate = { certificate: entry.certificate, certificateKey: await jose.exportPKCS8(certificatePair.privateKey) };

  third.software = entry;
  third.wanted = metadataOf(third, entry);
  third.metadata = await register(third, transport({ ca: third.ca, ...certificate }));
  assert.ok(third.metadata.client_id);

  // Its certificate is for the connections that need one; a client of keys alone goes to the main address.
  if (third.authentication !== 'private_key_jwt' || third.constraint === 'mtls') Object.assign(third, certificate);
}

function metadataOf(third, entry) {
  const keys = third.authentication === 'private_key_jwt' ? { token_endpoint_auth_signing_alg: third.algorithm } : { tls_client_auth_subject_dn: entry.tls_client_auth_subject_dn };
  return {
    software_id: entry.software_id,
    software_statement: entry.software_statement,
    redirect_uris: [third.redirectUri],
    security_profile: third.profile,
    token_endpoint_auth_method: third.authentication,
    ...keys,
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: [third.response === 'hybrid' ? 'code id_token' : 'code'],
    application_type: 'web',
    scope: 'openid accounts offline_access',
    id_token_signed_response_alg: 'PS256',
    request_object_signing_alg: third.algorithm,
    ...(third.response === 'jarm' && { authorization_signed_response_alg: third.algorithm }),
    ...(third.introspection === 'signed' && { introspection_signed_response_alg: 'PS256' }),
    ...(third.constraint === 'dpop' ? { dpop_bound_access_tokens: true } : { tls_client_certificate_bound_access_tokens: true }),
  };
}

/** The UK form: the same as a JWT that the software has signed. */
export async function signedRegistration(third) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { ...third.wanted, iss: third.software.software_id, aud: third.issuer, iat: now, exp: now + 300, jti: randomUUID() };
  return new jose.SignJWT(claims).setProtectedHeader({ alg: third.algorithm, kid: third.key.kid, typ: 'JWT' }).sign(await jose.importJWK(third.key, third.algorithm));
}
