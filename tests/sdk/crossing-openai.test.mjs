// OpenAI's client served by models that Anthropic alone offers: nothing but the model's name tells it so.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import OpenAI from 'openai';
import { arrived, left } from './support/double.mjs';
import { apiKey, baseUrl, modelsOf } from './support/environment.mjs';
import { errorOf } from './support/expect-error.mjs';
import { pixel } from './support/pixel.mjs';

const models = modelsOf('ANTHROPIC');
const connect = (options) => new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey, ...options });
const client = connect();
const once = connect({ maxRetries: 0 });
const hello = [{ role: 'user', content: 'Say hello.' }];
const tool = (name) => ({
  type: 'function',
  function: { name, description: `Tells the ${name}.`, parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
});

describe('openai at anthropic', () => {
  test('a completion is answered by an Anthropic model', async () => {
    const before = await arrived(models.plain);
    const { data: answer, response } = await client.chat.completions
      .create({ model: models.plain, messages: [{ role: 'developer', content: 'Be brief.' }, ...hello], max_completion_tokens: 20, temperature: 0.5 })
      .withResponse();

    assert.match(response.headers.get('x-funclimiter-deployment'), /^claude-account\//);
    assert.equal(await arrived(models.plain), before + 1);
    assert.equal(answer.object, 'chat.completion');
    assert.ok(answer.choices[0].message.content.length > 0);
    assert.match(answer.choices[0].finish_reason, /^(stop|length)$/);
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
    assert.ok(answer.usage.completion_tokens > 0 && answer.usage.completion_tokens <= 20);
  });

  test('a completion without a bound is answered too', async () => {
    const answer = await client.chat.completions.create({ model: models.plain, messages: hello });

    assert.ok(answer.choices[0].message.content.length > 0);
  });

  test('a streamed completion of an Anthropic model arrives piece by piece', async () => {
    const stream = await client.chat.completions.create({
      model: models.slow, messages: hello, max_tokens: 20, stream: true, stream_options: { include_usage: true },
    });
    let text = '';
    let usage;
    const reasons = [];
    const times = [];
    for await (const chunk of stream) {
      assert.equal(chunk.object, 'chat.completion.chunk');
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
      if (chunk.choices[0]?.finish_reason) reasons.push(chunk.choices[0].finish_reason);
      times.push(performance.now());
    }

    assert.ok(text.length > 0);
    assert.equal(reasons.length, 1);
    assert.ok(usage.prompt_tokens > 0 && usage.completion_tokens > 0);
    assert.ok(times.at(-1) - times[0] > 300, `All chunks came within ${times.at(-1) - times[0]} ms.`);
  });

  test('a stream that did not ask for usage has none', async () => {
    const stream = await client.chat.completions.create({ model: models.plain, messages: hello, max_tokens: 20, stream: true });
    for await (const chunk of stream) {
      assert.ok(!chunk.usage);
      assert.equal(chunk.choices.length, 1);
    }
  });

  test('tools are called over several turns', async () => {
    const tools = [tool('get_weather'), tool('get_time')];
    const messages = [{ role: 'user', content: 'Call the tool for the weather in Paris.' }];
    const asked = await client.chat.completions.create({ model: models.plain, messages, tools, tool_choice: 'auto' });
    const [call] = asked.choices[0].message.tool_calls;

    assert.equal(asked.choices[0].finish_reason, 'tool_calls');
    assert.equal(call.type, 'function');
    assert.equal(call.function.name, 'get_weather');
    assert.equal(typeof JSON.parse(call.function.arguments), 'object');

    messages.push(asked.choices[0].message, { role: 'tool', tool_call_id: call.id, content: '{"celsius":21}' });
    const answer = await client.chat.completions.create({ model: models.plain, messages, tools });

    assert.equal(answer.choices[0].finish_reason, 'stop');
    messages.push(answer.choices[0].message, { role: 'user', content: 'Call the tool for Oslo, please.' });
    const again = await client.chat.completions.create({ model: models.plain, messages, tools, tool_choice: 'required' });

    assert.equal(again.choices[0].finish_reason, 'tool_calls');
  });

  test('two calls made at once are answered together', async () => {
    const call = (id, city) => ({ id, type: 'function', function: { name: 'get_weather', arguments: JSON.stringify({ city }) } });
    const answer = await client.chat.completions.create({
      model: models.plain,
      tools: [tool('get_weather')],
      messages: [
        { role: 'user', content: 'Compare Paris and Oslo.' },
        { role: 'assistant', content: null, tool_calls: [call('call_1', 'Paris'), call('call_2', 'Oslo')] },
        { role: 'tool', tool_call_id: 'call_1', content: '21' },
        { role: 'tool', tool_call_id: 'call_2', content: '4' },
      ],
    });

    assert.ok(answer.choices[0].message.content.length > 0);
  });

  test('a streamed tool call of an Anthropic model comes together', async () => {
    const run = client.chat.completions.stream({
      model: models.plain, messages: [{ role: 'user', content: 'Call the tool for the weather in Oslo.' }], tools: [tool('get_weather')],
    });
    const message = await run.finalMessage();

    assert.equal(message.tool_calls.length, 1);
    assert.equal(message.tool_calls[0].function.name, 'get_weather');
    assert.equal(typeof JSON.parse(message.tool_calls[0].function.arguments), 'object');
  });

  test('images go along as bytes and as addresses', async () => {
    for (const url of [`data:image/png;base64,${pixel}`, 'https://images.example/a.png']) {
      const answer = await client.chat.completions.create({
        model: models.plain,
        max_tokens: 20,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, { type: 'image_url', image_url: { url } }] }],
      });

      assert.ok(answer.choices[0].message.content.length > 0);
    }
  });

  test('a schema goes along', async () => {
    const schema = { type: 'object', properties: { word: { type: 'string' } }, required: ['word'], additionalProperties: false };
    const answer = await client.chat.completions.create({
      model: models.plain, messages: hello, response_format: { type: 'json_schema', json_schema: { name: 'greeting', strict: true, schema } },
    });

    assert.ok(answer.choices[0].message.content.length > 0);
  });

  test('aborting a translated stream ends it upstream too', async () => {
    const controller = new AbortController();
    const before = await left(models.slow);
    const stream = await client.chat.completions.create({ model: models.slow, messages: hello, stream: true }, { signal: controller.signal });
    for await (const _ of stream) controller.abort();

    await left.reaches(models.slow, before + 1);
  });

  test('what Anthropic lacks is a BadRequestError with place and reason', async () => {
    const before = await arrived(models.plain);
    const error = await errorOf(
      once.chat.completions.create({ model: models.plain, messages: hello, logit_bias: { 50256: -100 } }), OpenAI.BadRequestError);

    assert.equal(error.code, 'request_not_translatable');
    assert.equal(error.param, 'logit_bias');
    assert.match(error.message, /logit_bias/);
    assert.equal(await arrived(models.plain), before);
  });

  test('a failing Anthropic model is an InternalServerError of OpenAI', async () => {
    const error = await errorOf(once.chat.completions.create({ model: models.failingElsewhere, messages: hello }), OpenAI.InternalServerError);

    assert.ok(error.status >= 500);
    assert.equal(error.type, 'server_error');
  });

  test('an overloaded Anthropic model is status 503', async () => {
    const error = await errorOf(once.chat.completions.create({ model: models.overloadedElsewhere, messages: hello }), OpenAI.InternalServerError);

    assert.equal(error.status, 503);
  });
});
