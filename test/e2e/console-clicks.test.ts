import type { BrowserContext, Page } from 'playwright-core';
import { assert } from '#base/assert.ts';
import type { IssuedInvite, Session } from '#http/shapes/session.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER, type WebHouse, webHouse } from '../web/house.ts';
import { postAs } from './calls.ts';
import { CHROMIUM, launchChromium } from './chromium.ts';

const PHONE = { width: 390, height: 844 };

/** What an operator clicks now and then, and nothing else here does. */
describe.skipIf(CHROMIUM === undefined)('the console under a hand', () => {
  const stack = new AsyncDisposableStack();
  const errors: string[] = [];
  let house: WebHouse;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    house = stack.use(await webHouse({ BREAKEVEN_WEB: 'build' }));
    const browser = await launchChromium();
    stack.defer(() => browser.close());
    context = await browser.newContext({ locale: 'en-US', viewport: { width: 1440, height: 900 } });
    page = await context.newPage();
    page.on('pageerror', (error) => errors.push(error.message));
    await call('/setup', { token: new URL(house.setUp).searchParams.get('token'), ...OWNER });
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  it('opens its menu on a phone, goes where it leads, and closes it', async () => {
    await page.setViewportSize(PHONE);
    await page.goto(`${house.url}/operator`);
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('link', { name: 'Models' }).click();
    await page.waitForURL('**/operator/models*');
    await page.getByRole('heading', { name: 'Models' }).waitFor();
    expect(await page.locator('.console.is-open').count()).toBe(0);
    await page.setViewportSize({ width: 1440, height: 900 });
  }, 60_000);

  it('approves the plan that a customer asks for', async () => {
    await page.goto(`${house.url}/plans`);
    const plus = page.getByRole('region', { name: 'Plus' });
    await plus.getByRole('button', { name: 'See the change' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Ask for Plus' }).click();
    await page.getByText(/^You asked for Plus on/).waitFor();
    await page.goto(`${house.url}/operator/customers?book=live`);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('button', { name: 'Approve' }).waitFor({ state: 'detached' });
    await page.goto(`${house.url}/plans`);
    await plus.getByText('Your plan').waitFor();
    expect(await page.getByText(/^You asked for Plus on/).count()).toBe(0);
  }, 60_000);

  it('says what an incident is and what to do, and marks it as resolved', async () => {
    await house.database.pool.query(
      `INSERT INTO incident (book, at_ms, kind, facts)
       VALUES ('live', extract(epoch FROM now()) * 1000, 'overrun', '{"cost_over": 120000}')`,
    );
    await page.goto(`${house.url}/operator/ledger?book=live&tab=incidents`);
    const row = page.locator('tbody tr', { hasText: 'It cost more than was held' });
    expect(await row.locator('.advice').first().textContent()).toContain('booked in full');
    expect(await row.textContent()).toContain('cost over by $0.00012');
    await row.getByRole('button').click();
    await row.getByRole('button').waitFor({ state: 'detached' });
  }, 60_000);

  it('imports the bundled prices, and has nothing left to import', async () => {
    await page.goto(`${house.url}/operator/models?book=live&tab=prices`);
    await page.locator('.unfold summary').waitFor();
    const imported = page.waitForResponse(
      (answer) =>
        answer.url().endsWith('/api/prices/import') && answer.request().method() === 'POST',
    );
    await page.getByRole('button', { name: /^Import/ }).click();
    expect((await imported).status()).toBe(200);
    await page.getByText('Nothing to import').waitFor();
    expect(await page.locator('.form-problem, .failure').count()).toBe(0);
  }, 60_000);

  it('removes the demo, and only after it is asked twice', async () => {
    await call('/demo', { subscribers: 20, days: 2 });
    await page.goto(`${house.url}/operator/settings?book=demo`);
    await page.getByRole('button', { name: 'Remove the demo' }).click();
    await page.getByRole('button', { name: 'Drop the demo book' }).click();
    await page.getByRole('status').filter({ hasText: 'gone' }).waitFor();
    await page.goto(`${house.url}/operator?book=demo`);
    await page.getByText('The demo book is empty.').waitFor();
    await page.goto(`${house.url}/operator/actions`);
    await page.locator('tbody tr', { hasText: 'Removed the demo' }).waitFor();
    const actions = (await page.locator('tbody').textContent()) ?? '';
    // Every one of them is said in words.
    expect(actions).not.toMatch(/POST|DELETE|\/:/);
    const told = (): Promise<readonly string[]> => page.locator('tbody tr').allTextContents();
    const newest = await told();
    await page.getByRole('button', { name: 'When' }).click();
    await page.locator('th[aria-sort="ascending"]').waitFor();
    await page
      .locator('tbody tr')
      .first()
      .filter({ hasText: newest.at(-1) ?? '' })
      .waitFor();
    expect(await told()).toEqual(newest.toReversed());
  }, 120_000);

  it('names the other books where a customer is not in this one', async () => {
    await page.goto(`${house.url}/operator/customers?book=live`);
    const name = (await page.locator('tbody a').first().textContent()) ?? '';
    const href = await page.locator('tbody a').first().getAttribute('href');
    await page.goto(house.url + (href ?? '').replace('book=live', 'book=demo'));
    await page.getByRole('link', { name: 'Look in the book “Live”' }).click();
    await page.getByRole('heading', { name }).waitFor();
    expect(new URL(page.url()).searchParams.get('book')).toBe('live');
  }, 60_000);

  it('changes what an operator may do, says what it takes, and takes it back', async () => {
    await operator('Bo', 'operator');
    await page.goto(`${house.url}/operator/settings?book=live`);
    const row = page.locator('tbody tr', { hasText: 'bo@example.com' });
    await row.getByRole('button', { name: 'Change Bo' }).click();
    const dialog = page.getByRole('dialog', { name: 'Bo' });
    await dialog.getByLabel('Role').selectOption('Support');
    await dialog.getByText('Reads everything and writes notes').waitFor();
    await dialog.getByRole('button', { name: 'Change the role' }).click();
    await dialog.getByText('Bo loses what the new role does not allow').waitFor();
    await dialog.getByRole('button', { name: 'Take it away' }).click();
    await row.getByRole('cell', { name: 'Support' }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await row.getByRole('cell', { name: 'Operator', exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(0);
  }, 60_000);

  it('keeps the last owner, in words of the page', async () => {
    await page.getByRole('button', { name: `Change ${OWNER.name}` }).click();
    const dialog = page.getByRole('dialog', { name: OWNER.name });
    await dialog.getByLabel('Role').selectOption('No operator');
    await dialog.getByRole('button', { name: 'Change the role' }).click();
    await dialog.getByRole('button', { name: 'Take it away' }).click();
    await dialog.getByText('Make somebody else an owner first').waitFor();
    await page.keyboard.press('Escape');
    const row = page.locator('tbody tr', { hasText: OWNER.email });
    expect(await row.getByRole('cell', { name: 'Owner' }).count()).toBe(1);
  }, 60_000);

  it('makes a link for a forgotten password, which opens where a new one is set', async () => {
    await page.getByRole('button', { name: 'Change Bo' }).click();
    const dialog = page.getByRole('dialog', { name: 'Bo' });
    await dialog.getByRole('button', { name: 'Make a link' }).click();
    const url = (await dialog.locator('code').textContent()) ?? '';
    expect(url).toContain('/sign-in?reset=');
    await dialog.getByText(/It works once, until .+\d/).waitFor();
    const bo = house.browser();
    const token = new URL(url).searchParams.get('reset');
    await bo.json('POST', '/api/password-reset', { token, password: 'another battery' });
    expect((await bo.session<Session>()).person?.name).toBe('Bo');
    await page.keyboard.press('Escape');
  }, 60_000);

  it('throws nothing', () => {
    expect(errors).toEqual([]);
  });

  it('offers inviting to those who may', async () => {
    const inviting = (on: Page) => on.getByRole('button', { name: 'Make an invitation' });
    expect(await inviting(page).count()).toBe(1);
    const theirs = await context.browser()?.newContext({ locale: 'en-US' });
    assert(theirs !== undefined, 'the browser is there');
    const bo = { email: 'bo@example.com', password: 'another battery' };
    expect((await postAs(theirs, house.url, '/sign-in', bo)).status()).toBe(200);
    const seen = await theirs.newPage();
    await seen.goto(`${house.url}/operator/settings?book=live`);
    await seen.getByRole('cell', { name: OWNER.email }).waitFor();
    expect(await inviting(seen).count()).toBe(0);
    await theirs.close();
  }, 60_000);

  /** Somebody who has joined as an operator. */
  async function operator(name: string, role: string): Promise<void> {
    const answer = await postAs(context, house.url, '/invites', { kind: 'operator', role });
    const { url } = (await answer.json()) as IssuedInvite;
    await house.browser().json('POST', '/api/sign-up', {
      name,
      email: `${name.toLowerCase()}@example.com`,
      password: OWNER.password,
      invite: new URL(url).searchParams.get('invite'),
    });
  }

  async function call(path: string, data: object): Promise<void> {
    const answer = await postAs(context, house.url, path, data);
    if (!answer.ok()) throw new Error(`${path}: ${await answer.text()}`);
  }
});
