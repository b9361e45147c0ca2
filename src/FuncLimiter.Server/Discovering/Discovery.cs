using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Limits;
using FuncLimiter.Providers;
using FuncLimiter.Providers.Limits;

namespace FuncLimiter.Server.Discovering;

/// <summary>Makes a configuration of keys alone: asks each provider which models its key may call, and leaves the limits to it.</summary>
internal sealed class Discovery(UpstreamClient upstream, TimeProvider time)
{
    /// <summary>Where Azure is managed, for clouds of its own.</summary>
    private const string Management = "AZURE_OPENAI_MANAGEMENT_URL";

    private const int MostPages = 50;
    private const int MostBytes = 16 * 1024 * 1024;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    // By the names under which SDKs and tools look for keys. Providers whose limits nobody tells need a person, see docs/limits.md.
    private static readonly KnownKey[] Known =
    [
        new("openai", ["OPENAI_API_KEY"], "OPENAI", "/v1/models"),
        new("anthropic", ["ANTHROPIC_API_KEY"], "ANTHROPIC", "/v1/models?limit=1000"),
        new("openrouter", ["OPENROUTER_API_KEY"], "OPENROUTER", "/api/v1/models"),
        new("groq", ["GROQ_API_KEY"], "GROQ", "/openai/v1/models"),
        new("mistral", ["MISTRAL_API_KEY"], "MISTRAL", "/v1/models"),
        new("xai", ["XAI_API_KEY"], "XAI", "/v1/models"),
        new("azure-openai", ["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_KEY"], "AZURE_OPENAI", null),
    ];

    // What opens Bedrock, the likeliest to be meant first. The service endpoints are named as AWS SDKs do (SDKs and Tools Reference Guide).
    private static readonly string[] BedrockKeys = ["AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"];

    // What takes and gives no text, by parts of its name.
    private static readonly string[] Otherwise =
        ["whisper", "tts", "dall-e", "image", "sora", "moderation", "babbage", "davinci", "realtime", "audio", "transcribe", "speech", "guard", "ocr", "voxtral", "video"];

    /// <summary>What was found, for people.</summary>
    public List<string> Found { get; } = [];

    /// <summary>What was not taken, and why.</summary>
    public List<string> Left { get; } = [];

    /// <summary>Makes the configuration.</summary>
    public async Task<JsonObject> MakeAsync(KeysFile keys, CancellationToken cancellationToken)
    {
        var accounts = new JsonArray();
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var known in Known)
        {
            foreach (var name in keys.Names.Where(name => known.Names.Any(one => name == one || name.StartsWith($"{one}_", StringComparison.Ordinal))))
            {
                used.UnionWith([name, .. keys.Names.Where(other => other.StartsWith($"{known.Prefix}_", StringComparison.Ordinal) && !other.Contains("API_KEY", StringComparison.Ordinal))]);
                if (await AccountAsync(known, name, keys, cancellationToken) is { } account)
                {
                    accounts.Add(account);
                }
            }
        }

        if (keys.Names.FirstOrDefault(static name => BedrockKeys.Contains(name)) is not null && await BedrockAsync(keys, cancellationToken) is { } bedrock)
        {
            accounts.Add(bedrock);
        }

        used.UnionWith(keys.Names.Where(static name => name.StartsWith("AWS_", StringComparison.Ordinal)));
        Left.AddRange(keys.Names.Where(name => !used.Contains(name)).Select(static name => $"{name}: it is no key of a provider that tells its limits; write that account by hand"));
        return new JsonObject { ["accounts"] = accounts };
    }

    private async Task<JsonObject?> AccountAsync(KnownKey known, string name, KeysFile keys, CancellationToken cancellationToken)
    {
        var endpoint = (keys[$"{known.Prefix}_ENDPOINT"] ?? keys[$"{known.Prefix}_BASE_URL"])?.TrimEnd('/');
        endpoint = endpoint?.EndsWith("/v1", StringComparison.Ordinal) == true ? endpoint[..^"/v1".Length] : endpoint;
        var source = SourceOf(known, keys);
        if (known.Provider == "azure-openai" && (endpoint is null || source is null))
        {
            Left.Add($"{name}: AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_RESOURCE (the resource's id) are needed beside it");
            return null;
        }

        var suffix = known.Names.Select(one => name.Length > one.Length && name.StartsWith(one, StringComparison.Ordinal) ? name[one.Length..] : string.Empty).MaxBy(static part => part.Length)!;
        var id = known.Provider + suffix.Replace('_', '-').ToLowerInvariant();
        var address = endpoint is null ? KnownAddress(known.Provider) : Uri.TryCreate(endpoint, UriKind.Absolute, out var written) ? written : null;
        if (address is null)
        {
            Left.Add($"{name}: the address beside it is none");
            return null;
        }

        var (models, fault) = await ModelsAsync(known, keys[name]!, address, source is null ? null : new LimitSourceConfiguration(
            keys[$"{known.Prefix}_ADMIN_KEY"] ?? string.Empty, source.Value.Scope,
            source.Value.Json["endpoint"] is { } own && Uri.TryCreate(own.GetValue<string>(), UriKind.Absolute, out var management)
                ? management
                : LimitSource.Of(known.Provider, new(source.Value.Scope))!.Address ?? address,
            TimeSpan.Zero), cancellationToken);
        if (models is not { Count: > 0 })
        {
            Left.Add($"{name}: {fault ?? "it may call no model that takes and gives text"}");
            return null;
        }

        Found.Add($"{id}: {models.Count} models of {name}{(source is null ? ", limits by what answers report" : ", limits by the provider's API")}");
        var account = new JsonObject { ["id"] = id, ["provider"] = known.Provider };
        if (endpoint is not null)
        {
            account["endpoint"] = endpoint;
        }

        account["apiKey"] = $"${{{name}}}";
        if (source is { } told)
        {
            account["limitSource"] = told.Json;
        }

        account["models"] = new JsonArray([.. models.Select(static model => new JsonObject { ["model"] = model, ["limits"] = "auto" })]);
        return account;
    }

    private static (string? Scope, JsonObject Json)? SourceOf(KnownKey known, KeysFile keys)
    {
        var admin = $"{known.Prefix}_ADMIN_KEY";
        return known.Provider switch
        {
            "openrouter" => (null, []),
            "openai" when keys[admin] is not null && (keys["OPENAI_PROJECT"] ?? keys["OPENAI_PROJECT_ID"]) is { } project =>
                (project, new JsonObject { ["adminKey"] = $"${{{admin}}}", ["project"] = project }),
            "anthropic" when keys[admin] is not null => keys["ANTHROPIC_WORKSPACE"] is { } workspace
                ? (workspace, new JsonObject { ["adminKey"] = $"${{{admin}}}", ["workspace"] = workspace })
                : (null, new JsonObject { ["adminKey"] = $"${{{admin}}}" }),
            "azure-openai" when keys["AZURE_OPENAI_RESOURCE"] is { } resource => (resource, AzureSource(resource, keys["AZURE_OPENAI_LOCATION"], keys[Management])),
            _ => null,
        };
    }

    private static JsonObject AzureSource(string resource, string? location, string? management)
    {
        var source = new JsonObject { ["resource"] = resource };
        if (location is not null)
        {
            source["location"] = location;
        }

        if (management is not null)
        {
            source["endpoint"] = management;
        }

        return source;
    }

    private static Uri? KnownAddress(string provider) => ProviderCatalog.Get(provider).DefaultEndpoint;

    private async Task<(IReadOnlyList<string>? Models, string? Fault)> ModelsAsync(
        KnownKey known, string key, Uri address, LimitSourceConfiguration? source, CancellationToken cancellationToken)
    {
        if (known.Models is { } path)
        {
            return await ListAsync(known, key, address, path, cancellationToken);
        }

        // Azure's deployments are what its management API lists.
        var told = await new LimitReader(upstream, time).ReadAsync(
            new AccountConfiguration("a", known.Provider, null, address, key, [], []) { LimitSource = source }, cancellationToken);
        return (told.Limits?.Limits.Select(static limit => limit.Model).Distinct().ToList(), told.Fault);
    }

    private async Task<(IReadOnlyList<string>? Models, string? Fault)> ListAsync(
        KnownKey known, string key, Uri address, string path, CancellationToken cancellationToken)
    {
        var headers = known.Provider == "anthropic" ? LimitSource.Of("anthropic", new(null))!.Headers(key) : [new("Authorization", $"Bearer {key}")];
        var models = new List<string>();
        var fault = await EachPageAsync(address, path, headers, null, body =>
        {
            models.AddRange(Names(body));
            return body.TryGetProperty("has_more", out var more) && more.ValueKind == JsonValueKind.True
                && body.TryGetProperty("last_id", out var last) && last.GetString() is { Length: > 0 } id
                    ? $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}after_id={Uri.EscapeDataString(id)}"
                    : null;
        }, cancellationToken);
        if (fault is not null)
        {
            return (null, fault);
        }

        return ([.. models.Distinct(StringComparer.Ordinal).Where(static model => !Otherwise.Any(part => model.Contains(part, StringComparison.OrdinalIgnoreCase)))], null);
    }

    // A key opens Bedrock itself; Service Quotas, where its limits stand, ask for AWS credentials beside it.
    private async Task<JsonObject?> BedrockAsync(KeysFile keys, CancellationToken cancellationToken)
    {
        var name = BedrockKeys.First(one => keys[one] is not null);
        var isSigned = name != BedrockKeys[0];
        if ((keys["AWS_REGION"] ?? keys["AWS_DEFAULT_REGION"]) is not { } region)
        {
            Left.Add($"{name}: AWS_REGION is needed beside it");
            return null;
        }

        var domain = region.StartsWith("cn-", StringComparison.Ordinal) ? "amazonaws.com.cn" : "amazonaws.com";
        var endpoint = (keys["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] ?? $"https://bedrock-runtime.{region}.{domain}").TrimEnd('/');
        if (!Uri.TryCreate(keys["AWS_ENDPOINT_URL_BEDROCK"] ?? $"https://bedrock.{region}.{domain}", UriKind.Absolute, out var address))
        {
            Left.Add($"{name}: the address beside it is none");
            return null;
        }

        var (models, fault) = await BedrockModelsAsync(address, isSigned ? null : keys[name], region, cancellationToken);
        if (models is not { Count: > 0 })
        {
            Left.Add($"{name}: {fault ?? "it may call no model that takes and gives text"}");
            return null;
        }

        var tellsLimits = BedrockKeys.Skip(1).Any(one => keys[one] is not null);
        Found.Add($"bedrock: {models.Count} models of {name}, {(tellsLimits ? "limits by the provider's API" : "which can't ask for limits: name AWS_PROFILE or AWS_ACCESS_KEY_ID beside it, or write them")}");
        var account = new JsonObject { ["id"] = "bedrock", ["provider"] = "bedrock", ["region"] = region, ["endpoint"] = endpoint };
        account[isSigned ? "auth" : "apiKey"] = isSigned ? "aws" : $"${{{name}}}";
        if (tellsLimits)
        {
            account["limitSource"] = keys["AWS_ENDPOINT_URL_SERVICE_QUOTAS"] is { } quotas ? new JsonObject { ["endpoint"] = quotas } : [];
        }

        account["models"] = new JsonArray([.. models.Select(static model => new JsonObject { ["model"] = model, ["limits"] = "auto" })]);
        return account;
    }

    // Amazon Bedrock API reference: ListFoundationModels, ListInferenceProfiles. Newer models are called by profiles of several regions alone.
    private async Task<(IReadOnlyList<string>? Models, string? Fault)> BedrockModelsAsync(
        Uri address, string? key, string region, CancellationToken cancellationToken)
    {
        const string ofText = "/foundation-models?byOutputModality=TEXT";
        const string ofProfiles = "/inference-profiles?maxResults=1000&type=SYSTEM_DEFINED";
        KeyValuePair<string, string>[] headers = key is null ? [] : [new("Authorization", $"Bearer {key}")];
        var credential = key is null ? new AwsAccess("bedrock", region, ProviderIdentity.Own) : null;
        var (models, profiles) = (new Dictionary<string, bool>(StringComparer.Ordinal), new List<string>());
        var fault = await EachPageAsync(address, ofText, headers, credential, body =>
        {
            foreach (var model in Members(body, "modelSummaries"))
            {
                if (Words(model, "inputModalities").Contains("TEXT") && TextOf(model, "modelId") is { } id && (!model.TryGetProperty("modelLifecycle", out var life) || TextOf(life, "status") != "LEGACY"))
                {
                    models.TryAdd(id, Words(model, "inferenceTypesSupported").Contains("ON_DEMAND"));
                }
            }

            return null;
        }, cancellationToken) ?? await EachPageAsync(address, ofProfiles, headers, credential, body =>
        {
            foreach (var profile in Members(body, "inferenceProfileSummaries"))
            {
                if (TextOf(profile, "status") is null or "ACTIVE" && TextOf(profile, "inferenceProfileId") is { } id
                    && Members(profile, "models").Any(model => TextOf(model, "modelArn") is { } arn && models.ContainsKey(arn[(arn.LastIndexOf('/') + 1)..])))
                {
                    profiles.Add(id);
                }
            }

            return TextOf(body, "nextToken") is { } next ? $"{ofProfiles}&nextToken={Uri.EscapeDataString(next)}" : null;
        }, cancellationToken);
        return fault is not null ? (null, fault) : ([.. models.Where(static model => model.Value).Select(static model => model.Key).Concat(profiles).Distinct()], null);
    }

    // Reads pages until one names no other; what went wrong, or null.
    private async Task<string?> EachPageAsync(
        Uri address, string path, IReadOnlyList<KeyValuePair<string, string>> headers, UpstreamCredential? credential, Func<JsonElement, string?> read, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(Longest);
        try
        {
            var next = path;
            for (var page = 0; page < MostPages && next is not null; page++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address.AbsoluteUri.TrimEnd('/') + next));
                request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
                if (credential is not null)
                {
                    request.Options.Set(UpstreamAddress.CredentialOption, credential);
                }

                foreach (var (name, value) in headers)
                {
                    request.Headers.TryAddWithoutValidation(name, value);
                }

                using var response = await upstream.Invoker.SendAsync(request, enough.Token);
                await response.Content.LoadIntoBufferAsync(MostBytes, enough.Token);
                if (!response.IsSuccessStatusCode)
                {
                    return $"the provider answers {(int)response.StatusCode}{((int)response.StatusCode is 401 or 403 ? ": it does not take the key" : string.Empty)}";
                }

                using var body = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(enough.Token), default, enough.Token);
                next = body.RootElement.ValueKind == JsonValueKind.Object ? read(body.RootElement) : throw new InvalidDataException("no list of models");
            }

            return null;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or InvalidDataException or JsonException or InvalidOperationException)
        {
            return $"its models can't be listed: {failure.Message}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {Longest.TotalSeconds:0} s";
        }
    }

    private static IEnumerable<string> Names(JsonElement body) => Members(body, "data").Select(static model => TextOf(model, "id")).OfType<string>();

    private static IEnumerable<JsonElement> Members(JsonElement body, string list) =>
        body.TryGetProperty(list, out var members) && members.ValueKind == JsonValueKind.Array
            ? members.EnumerateArray().Where(static member => member.ValueKind == JsonValueKind.Object)
            : throw new InvalidDataException("no list of models");

    private static string?[] Words(JsonElement model, string list) =>
        model.TryGetProperty(list, out var words) && words.ValueKind == JsonValueKind.Array ? [.. words.EnumerateArray().Select(static word => word.ToString())] : [];

    private static string? TextOf(JsonElement member, string name) =>
        member.ValueKind == JsonValueKind.Object && member.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String && text.GetString() is { Length: > 0 and <= 2048 } told
            ? told
            : null;

    private sealed record KnownKey(string Provider, string[] Names, string Prefix, string? Models);
}
