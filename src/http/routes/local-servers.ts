import { z } from 'zod';
import { route, type Route } from '../route.ts';

export const localServers = z.object({
  rows: z.array(
    z.object({
      port: z.int(),
      /** What usually listens there. */
      name: z.string(),
      url: z.string(),
      models: z.array(z.string()),
      isConnected: z.boolean(),
    }),
  ),
});
export type LocalServers = z.infer<typeof localServers>;

/** Model servers on the machine that the installation runs on. */
export const localServerRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/local-servers',
    role: 'owner',
    summary: 'OpenAI-compatible servers that answer on the usual ports of this machine.',
    output: localServers,
    run: ({ services }) => services.localServers.find(),
  }),
  route({
    method: 'POST',
    path: '/local-servers/connect',
    role: 'owner',
    summary: 'Publishes the models of one of them, at a price of $0.',
    input: z.object({ port: z.int().min(1).max(65_535) }),
    output: z.object({ models: z.array(z.string()) }),
    run: ({ input, actor, services }) => services.localServers.connect(input.port, actor.name),
  }),
];
