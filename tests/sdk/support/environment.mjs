// Where the service under test is, and the names under which it offers its models. All of it comes from the environment.

const required = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`The environment variable ${name} is not set.`);
  return value;
};

/** The address that takes the place of the provider's: the one thing, with the key, that an agent changes. */
export const baseUrl = required('FUNCLIMITER_URL');

/** The tenant's key. */
export const apiKey = required('FUNCLIMITER_KEY');

/** The provider double behind it, to ask what has arrived there. */
export const doubleUrl = required('FUNCLIMITER_DOUBLE_URL');

/**
 * One provider's models, by what they are for:
 * plain answers at once, slow streams for seconds, paced has room for one call every other second, tight for one call a
 * minute, failing answers 500 to everything, overloaded says that it has no capacity, failingElsewhere and overloadedElsewhere
 * do so for those who ask in another API, embedding makes embeddings.
 */
export const modelsOf = (provider) => JSON.parse(required(`FUNCLIMITER_${provider}_MODELS`));
