import { BlockList, isIP, isIPv4 } from 'node:net';

/**
 * Addresses of the public internet, by the IANA special-purpose registries (RFC 6890 and its
 * successors): everything that is reserved, private, local, shared, documentation or multicast is
 * not one of them, nor is an IPv6 form that carries such an IPv4 address.
 */
const RESERVED_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

const reservedV4 = new BlockList();
for (const [net, bits] of RESERVED_V4) reservedV4.addSubnet(net, bits, 'ipv4');

/** Global unicast, less what is carved out of it. */
const globalV6 = new BlockList();
globalV6.addSubnet('2000::', 3, 'ipv6');
const reservedV6 = new BlockList();
for (const [net, bits] of [
  // Protocol assignments, Teredo and ORCHID among them.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const)
  reservedV6.addSubnet(net, bits, 'ipv6');

/** @param address as a resolver gives it; anything else is not public */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false;
  if (isIPv4(address)) return !reservedV4.check(address, 'ipv4');
  return globalV6.check(address, 'ipv6') && !reservedV6.check(address, 'ipv6');
}
