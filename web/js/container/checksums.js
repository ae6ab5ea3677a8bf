/** The checksums of the format: CRC-16/CCITT-FALSE and the CRC-32 of zlib. */

const TABLE_16 = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0);
  return crc & 0xffff;
});

const TABLE_32 = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc >>> 0;
});

/**
 * Return the CRC-16 of parts that stand one behind the other.
 * @param {...Uint8Array} parts
 */
export function crc16(...parts) {
  let crc = 0xffff;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) crc = ((crc << 8) & 0xffff) ^ TABLE_16[(crc >> 8) ^ part[i]];
  }
  return crc;
}

/**
 * Return the CRC-32 of parts that stand one behind the other.
 * @param {...Uint8Array} parts
 */
export function crc32(...parts) {
  let crc = 0xffffffff;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) crc = (crc >>> 8) ^ TABLE_32[(crc ^ part[i]) & 255];
  }
  return (crc ^ 0xffffffff) >>> 0;
}
