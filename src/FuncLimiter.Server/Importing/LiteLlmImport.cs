using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;
using static FuncLimiter.Server.Importing.Yaml;

namespace FuncLimiter.Server.Importing;

/// <summary>
/// Turns the <c>config.yaml</c> of a LiteLLM proxy into a FuncLimiter configuration, and says of everything in it what became of it
/// (docs.litellm.ai/docs/proxy/config_settings, read 2026-11-29). Secrets that stand in the file are not carried over.
/// </summary>
internal sealed class LiteLlmImport
{
    private const string OpenAIAddress = "api.openai.com";

    private readonly List<string> _taken = [];
    private readonly List<string> _left = [];
    private readonly List<(string Key, JsonObject Account)> _accounts = [];
    private readonly List<(string Name, JsonObject Route, Dictionary<string, int> Orders)> _routes = [];
    private readonly HashSet<string> _secrets = new(StringComparer.Ordinal);
    private JsonObject? _tenant;

    /// <summary>What was taken over, a line each.</summary>
    public IReadOnlyList<string> Taken => _taken;

    /// <summary>What was not, a line each, with the reason.</summary>
    public IReadOnlyList<string> Left => _left;

    /// <summary>The environment variables that the new configuration reads secrets from.</summary>
    public IReadOnlyCollection<string> Secrets => _secrets;

    /// <summary>Reads a configuration.</summary>
    /// <param name="yaml">The text of a <c>config.yaml</c>.</param>
    /// <returns>The configuration; without accounts where nothing could be taken over.</returns>
    /// <exception cref="FormatException">The text is no YAML, or no configuration of LiteLLM.</exception>
    public JsonObject Read(string yaml)
    {
        var root = Load(yaml);
        var models = (Value(root, "model_list") as YamlSequenceNode)?.Children
            ?? throw new FormatException("There is no model_list: that is no config.yaml of a LiteLLM proxy.");
        for (var i = 0; i < models.Count; i++)
        {
            ReadModel($"model_list[{i}]", models[i]);
        }

        foreach (var section in root.Children.Where(section => Text(section.Key) != "model_list"))
        {
            ReadSection(Name(section.Key), section.Value);
        }

        foreach (var (_, route, orders) in _routes)
        {
            Order(route, orders);
        }

        var configuration = new JsonObject
        {
            ["accounts"] = new JsonArray([.. _accounts.Select(account => account.Account)]),
            ["routes"] = new JsonArray([.. _routes.Select(route => route.Route)]),
        };
        if (_tenant is not null)
        {
            configuration["tenants"] = new JsonArray(_tenant);
        }

        return configuration;
    }

    private void ReadModel(string path, YamlNode node)
    {
        if (node is not YamlMappingNode entry || Text(entry, "model_name") is not { } name || Child(entry, "litellm_params") is not { } parameters
            || Text(parameters, "model") is not { } model)
        {
            _left.Add($"{path}: a model_name and litellm_params.model are needed");
            return;
        }

        var (prefix, own) = Split(model);
        if (name.Contains('*', StringComparison.Ordinal) || own.Contains('*', StringComparison.Ordinal))
        {
            _left.Add($"{path} ({name}): a pattern; name each model that is to be called");
            return;
        }

        if (!LiteLlmSettings.Providers.TryGetValue(prefix, out var known))
        {
            _left.Add($"{path} ({name}): there is no provider '{prefix}'; where it speaks OpenAI's API, add it as openai-compatible");
            return;
        }

        if (Account(path, known, parameters) is not { } account)
        {
            return;
        }

        var id = (string)account["id"]!;
        AddDeployment(path, account, own, entry, parameters);
        AddTarget(name, $"{id}/{own}", (int)(Number(parameters, "order") ?? 1));
        _taken.Add($"{path} ({name}): deployment {id}/{own}");
        string[] read = ["model", "api_base", "api_key", "rpm", "tpm", "max_parallel_requests", "input_cost_per_token", "output_cost_per_token", "order", "aws_region_name"];
        Leave($"{path}.litellm_params", parameters, read);
        if (Child(entry, "model_info") is { } info)
        {
            Leave($"{path}.model_info", info, ["input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost", "cache_creation_input_token_cost"]);
        }
    }

    // Without a prefix LiteLLM goes by the model's name.
    private static (string Prefix, string Model) Split(string model)
    {
        var slash = model.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return (model.StartsWith("claude", StringComparison.Ordinal) ? "anthropic" : "openai", model);
        }

        var (prefix, own) = (model[..slash], model[(slash + 1)..]);
        return prefix == "bedrock" && own.Split('/', 2) is ["converse" or "invoke", var inner] ? (prefix, inner) : (prefix, own);
    }

    private JsonObject? Account(string path, (string Provider, string Key) known, YamlMappingNode parameters)
    {
        var (provider, endpoint) = (known.Provider, Address(Text(parameters, "api_base")));
        if (provider == "openai" && endpoint is not null && !endpoint.Contains(OpenAIAddress, StringComparison.Ordinal))
        {
            provider = "openai-compatible";
        }

        var region = Text(parameters, "aws_region_name");
        endpoint = provider == "bedrock" && region is not null ? endpoint ?? $"https://bedrock-runtime.{region}.amazonaws.com" : endpoint;
        endpoint = provider == "openai" ? null : endpoint;
        if (endpoint is null && (provider is "azure-openai" or "openai-compatible" or "bedrock"))
        {
            _left.Add($"{path}: its address is not in the file (api_base{(provider == "bedrock" ? ", aws_region_name" : "")})");
            return null;
        }

        var given = Text(parameters, "api_key");
        var secret = provider == "openai-compatible" && (given is null || LiteLlmSettings.NoKeys.Contains(given)) ? null : Secret(path, given, known.Key);
        var key = $"{provider} {endpoint} {secret}";
        var account = _accounts.FirstOrDefault(other => other.Key == key).Account;
        if (account is null)
        {
            var count = _accounts.Count(other => (string)other.Account["provider"]! == provider);
            account = new JsonObject { ["id"] = count == 0 ? provider : $"{provider}-{count + 1}", ["provider"] = provider };
            if (region is not null)
            {
                account["region"] = region;
            }

            if (endpoint is not null)
            {
                account["endpoint"] = endpoint;
            }

            if (secret is not null)
            {
                account["apiKey"] = secret;
            }

            account["models"] = new JsonArray();
            _accounts.Add((key, account));
        }

        return account;
    }

    private static string? Address(string? address) => address switch
    {
        null => null,
        _ when Variable(address) is { } name => $"${{{name}}}",
        _ => address.TrimEnd('/') is var plain && plain.EndsWith("/v1", StringComparison.Ordinal) ? plain[..^3] : address.TrimEnd('/'),
    };

    private static string? Variable(string text) =>
        text.StartsWith("os.environ/", StringComparison.Ordinal) ? text["os.environ/".Length..] : null;

    private string Secret(string path, string? key, string usual)
    {
        var name = key is null ? usual : Variable(key) ?? usual;
        if (key is not null && Variable(key) is null)
        {
            // Two keys of one provider must not become one.
            var fingerprint = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..6];
            name = $"{usual}_{fingerprint}";
            _left.Add($"{path}.litellm_params.api_key: a secret stands in the file; put it into the environment variable {name}");
        }

        _secrets.Add(name);
        return $"${{{name}}}";
    }

    private void AddDeployment(string path, JsonObject account, string model, YamlMappingNode entry, YamlMappingNode parameters)
    {
        var models = (JsonArray)account["models"]!;
        var deployment = models.OfType<JsonObject>().FirstOrDefault(other => (string)other["model"]! == model);
        if (deployment is null)
        {
            deployment = new JsonObject { ["model"] = model };
            models.Add(deployment);
        }

        foreach (var (theirs, ours) in new[] { ("rpm", "rpm"), ("tpm", "tpm"), ("max_parallel_requests", "concurrent") })
        {
            if ((Number(parameters, theirs) ?? Number(entry, theirs)) is not { } amount)
            {
                continue;
            }

            var limits = (JsonObject)(deployment["limits"] ??= new JsonObject());
            var whole = (long)amount;
            if (limits[ours] is { } there && (long)there != whole)
            {
                _left.Add($"{path}.{theirs}: the same deployment has {(long)there} elsewhere in the file; the smaller one was taken");
                whole = Math.Min(whole, (long)there);
            }

            limits[ours] = whole;
        }

        Price(deployment, Child(entry, "model_info"), parameters);
    }

    private static void Price(JsonObject deployment, YamlMappingNode? info, YamlMappingNode parameters)
    {
        double? PerMillion(string name) => ((info is null ? null : Number(info, name)) ?? Number(parameters, name)) is { } each ? Math.Round(each * 1e6, 6) : null;
        if (PerMillion("input_cost_per_token") is not { } input || PerMillion("output_cost_per_token") is not { } output)
        {
            return;
        }

        var price = new JsonObject { ["input"] = input, ["output"] = output };
        if (PerMillion("cache_read_input_token_cost") is { } read)
        {
            price["cachedInput"] = read;
        }

        if (PerMillion("cache_creation_input_token_cost") is { } written)
        {
            price["cacheWrite"] = written;
        }

        deployment["price"] = price;
    }

    private void AddTarget(string name, string deployment, int order)
    {
        var (_, route, orders) = _routes.FirstOrDefault(other => other.Name == name);
        if (route is null)
        {
            (route, orders) = (new JsonObject { ["model"] = name, ["targets"] = new JsonArray() }, []);
            _routes.Add((name, route, orders));
        }

        if (orders.TryAdd(deployment, order))
        {
            ((JsonArray)route["targets"]!).Add(deployment);
        }
    }

    // A lower order goes first, and the others only where it can't serve.
    private static void Order(JsonObject route, Dictionary<string, int> orders)
    {
        if (orders.Count == 0)
        {
            return;
        }

        var first = orders.Values.Min();
        route["targets"] = new JsonArray([.. orders.Where(target => target.Value == first).Select(target => (JsonNode)target.Key)]);
        var later = orders.Where(target => target.Value > first).OrderBy(target => target.Value).Select(target => target.Key);
        var fallback = later.Concat((route["fallback"] as JsonArray ?? []).Select(each => (string)each!)).Where(each => orders.GetValueOrDefault(each, int.MaxValue) > first);
        var distinct = fallback.Distinct(StringComparer.Ordinal).Select(each => (JsonNode)each).ToArray();
        route.Remove("fallback");
        if (distinct.Length > 0)
        {
            route["fallback"] = new JsonArray(distinct);
        }
    }

    private void ReadSection(string section, YamlNode node)
    {
        if (node is not YamlMappingNode settings)
        {
            _left.Add($"{section}: has no counterpart");
            return;
        }

        foreach (var (key, value) in settings.Children)
        {
            var (name, path) = (Name(key), $"{section}.{Text(key)}");
            switch (name)
            {
                case "fallbacks":
                    ReadFallbacks(path, value);
                    break;
                case "default_fallbacks" when value is YamlSequenceNode groups:
                    foreach (var (route, _, _) in _routes)
                    {
                        Fall(path, route, groups);
                    }

                    break;
                case "model_group_alias" when value is YamlMappingNode aliases:
                    ReadAliases(path, aliases);
                    break;
                case "master_key" when Text(value) is { Length: > 0 } master:
                    _tenant = new JsonObject { ["id"] = "litellm", ["keys"] = new JsonArray(TenantKey(master)) };
                    _taken.Add($"{path}: the key of tenant litellm; keys from LiteLLM's database become tenants of their own");
                    break;
                default:
                    _left.Add($"{path}: {LiteLlmSettings.Reasons.GetValueOrDefault(name, "has no counterpart")}");
                    break;
            }
        }
    }

    private string TenantKey(string master)
    {
        if (Variable(master) is not { } name)
        {
            return $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(master)))}";
        }

        _secrets.Add(name);
        return $"${{{name}}}";
    }

    private void ReadFallbacks(string path, YamlNode node)
    {
        foreach (var fallback in (node as YamlSequenceNode)?.Children.OfType<YamlMappingNode>().SelectMany(each => each.Children) ?? [])
        {
            Fall(path, Name(fallback.Key), fallback.Value as YamlSequenceNode ?? new YamlSequenceNode(fallback.Value));
        }
    }

    // By deployments, since two groups may fall back to one another.
    private void Fall(string path, string from, YamlSequenceNode to)
    {
        if (_routes.FirstOrDefault(route => route.Name == from).Route is not { } route)
        {
            _left.Add($"{path}: there is no model_name '{from}' that was taken over");
            return;
        }

        foreach (var name in to.Children.Select(Text))
        {
            if (name == from)
            {
                continue;
            }

            if (_routes.FirstOrDefault(other => other.Name == name).Orders is not { } orders)
            {
                _left.Add($"{path} ({from}): there is no model_name '{name}' that was taken over");
                continue;
            }

            var fallback = (JsonArray)(route["fallback"] ??= new JsonArray());
            foreach (var deployment in orders.OrderBy(target => target.Value).Select(target => target.Key))
            {
                fallback.Add(deployment);
            }

            _taken.Add($"{path}: {from} falls back to {name}");
        }
    }

    private void ReadAliases(string path, YamlMappingNode aliases)
    {
        foreach (var (alias, value) in aliases.Children)
        {
            var group = Text(value) ?? (value is YamlMappingNode detailed ? Text(detailed, "model") : null);
            if (_routes.FirstOrDefault(route => route.Name == group).Orders is not { } orders || _routes.Any(route => route.Name == Text(alias)))
            {
                _left.Add($"{path}.{Text(alias)}: there is no model_name '{group}' that was taken over, or the alias is a model_name itself");
                continue;
            }

            foreach (var (deployment, order) in orders)
            {
                AddTarget(Name(alias), deployment, order);
            }

            _taken.Add($"{path}.{Text(alias)}: a route of its own");
        }
    }

    private void Leave(string path, YamlMappingNode node, string[] read)
    {
        foreach (var name in node.Children.Keys.Select(key => Name(key)).Where(name => !read.Contains(name, StringComparer.Ordinal)))
        {
            _left.Add($"{path}.{name}: {LiteLlmSettings.Reasons.GetValueOrDefault(name, "has no counterpart")}");
        }
    }
}
