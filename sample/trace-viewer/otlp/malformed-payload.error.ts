/** The bytes are not what their content type says they are. */
export class MalformedPayloadError extends Error {
  override readonly name = 'MalformedPayloadError';
}
