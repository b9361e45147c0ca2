using System.Buffers;
using System.Collections.Frozen;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Passing;

/// <summary>The one table of the paths that are passed on. What administers an account is never one of them.</summary>
public static class PassedPaths
{
    /// <summary>What comes right behind a version where an account's keys, members and bills are looked after.</summary>
    private static readonly FrozenSet<string> Administrative = Set(
        "organization", "organizations", "projects", "billing", "dashboard", "admin", "api_keys", "api-keys", "apikeys", "key", "keys", "credits",
        "credit", "me", "user", "users", "usage", "costs", "subscription", "service_accounts", "service-accounts", "invites", "members", "workspaces",
        "teams", "team", "account", "accounts", "audit_logs", "auth", "oauth");

    /// <summary>The same, wherever it stands.</summary>
    private static readonly FrozenSet<string> AdministrativeAnywhere = Set("billing", "api_keys", "api-keys", "organization", "organizations", "permissions");

    /// <summary>What stands below a collection without being the id of anything in it.</summary>
    private static readonly FrozenSet<string> Words = Set(
        "input_tokens", "input_items", "count_tokens", "jobs", "batches", "search", "sessions", "transcription_sessions", "client_secrets", "calls",
        "checkpoints", "events", "content", "results", "cancel", "complete", "parts", "completions", "fine_tuning");

    private static readonly FrozenSet<string> AnthropicOnly = Set("messages", "complete", "skills");

    /// <summary>What OpenAI's clients ask for right under the base address where that lacks <c>/v1</c>.</summary>
    private static readonly FrozenSet<string> WithoutVersion = Set(
        "chat", "completions", "responses", "embeddings", "models", "messages", "moderations", "images", "audio", "rerank", "files", "uploads",
        "batches", "conversations", "vector_stores", "fine_tuning", "assistants", "threads", "videos", "containers");

    private static readonly FrozenSet<string> GoogleMethods = Set(
        "generateContent", "streamGenerateContent", "countTokens", "computeTokens", "embedContent", "batchEmbedContents", "batchGenerateContent",
        "asyncBatchEmbedContent", "predict", "predictLongRunning", "fetchPredictOperation", "rawPredict", "streamRawPredict");

    private static readonly SearchValues<char> IdMarks = SearchValues.Create("_-0123456789");

    private static readonly FrozenSet<string> GoogleVersions = Set("v1beta", "v1alpha", "v1beta1");

    /// <summary>The path of a version where it was left out; null where none was.</summary>
    /// <param name="path">The path, with its leading slash.</param>
    public static string? WithVersion(string path)
    {
        var end = path.AsSpan(1).IndexOf('/');
        return path.Length > 1 && WithoutVersion.GetAlternateLookup<ReadOnlySpan<char>>().Contains(end < 0 ? path.AsSpan(1) : path.AsSpan(1, end))
            ? $"/v1{path}"
            : null;
    }

    /// <summary>The dialect of a path that is in one API alone; null for any other.</summary>
    /// <param name="path">The path, with its leading slash.</param>
    public static Dialect? DialectOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.Split('/') switch
        {
            ["", "model", _, _] => Dialect.Bedrock,
            ["", "v1beta", "openai", ..] => null,
            ["", "upload" or "download", { } version, ..] when GoogleVersions.Contains(version) => Dialect.Google,
            ["", { } version, ..] when GoogleVersions.Contains(version) => Dialect.Google,
            ["", "v1", "projects", _, "locations", ..] => Dialect.Google,
            ["", "v1", "models", { } named] when Verb(named) is not null => Dialect.Google,
            _ => null,
        };
    }

    /// <summary>Whether a path asks which models there are, in an API that has its own place for that.</summary>
    /// <param name="path">The path, percent-encoded, with its leading slash.</param>
    /// <param name="model">The one model asked for, decoded; null for all.</param>
    public static bool IsModels(string path, out string? model)
    {
        ArgumentNullException.ThrowIfNull(path);
        var parts = path.TrimEnd('/').Split('/');
        var (isModels, named) = parts switch
        {
            ["", "openai", "models", .. var rest] => (rest.Length < 2, rest.FirstOrDefault()),
            ["", "v1beta", "openai", "models", .. var rest] => (rest.Length < 2, rest.FirstOrDefault()),
            ["", { } version, "models", .. var rest] when Is(version, GoogleVersions) => (rest.Length == 0 || (rest.Length == 1 && Verb(rest[0]) is null), rest.FirstOrDefault()),
            _ => (false, null),
        };
        model = named is null ? null : Uri.UnescapeDataString(named);
        return isModels;
    }

    /// <summary>Finds what a WebSocket is asked at; null where the path takes none.</summary>
    /// <param name="path">The path, percent-encoded, with its leading slash.</param>
    public static PassedPath? FindSocket(string path) =>
        Find("GET", path, isAnthropic: false) is { Path: "/v1/realtime" or "/v1/responses" or "/openai/realtime" } found ? found with { Lists = false } : null;

    /// <summary>Finds what a request asks for; null where it is none of these, or administrative.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="path">The path, percent-encoded, with its leading slash.</param>
    /// <param name="isAnthropic">Whether the caller speaks Anthropic's dialect, which has paths in common with OpenAI's.</param>
    public static PassedPath? Find(string method, string path, bool isAnthropic)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(path);
        if (path.TrimEnd('/').Length < 2 || path[0] != '/' || path.Contains('{', StringComparison.Ordinal) || IsUnsafe(path))
        {
            return null;
        }

        var parts = path.TrimEnd('/')[1..].Split('/');
        var found = parts switch
        {
            ["openai", "deployments", { Length: > 0 } name, .. { Length: > 0 } rest] => Azure(name, rest),
            ["openai", "deployments", ..] => null,
            ["openai", "v1", .. { Length: > 0 } rest] => OpenAI(method, rest),
            ["openai", "responses", ..] => OpenAI(method, parts[1..]),
            ["openai", .. { Length: > 0 } rest] => rest[0] is "models" || Is(rest[0], Administrative) ? null : Stored(ProviderApi.Azure, method, "/openai", rest),
            ["v1" or "v1beta1", "projects", ..] => Vertex(parts),
            ["v1", "models", { } verb] when Verb(verb) is not null => Gemini(method, parts),
            ["v1", "v1beta", ..] => null,
            ["v1beta", "openai", .. { Length: > 0 } rest] => OpenAI(method, rest),
            ["v1", .. { Length: > 0 } rest] when isAnthropic || Is(rest[0], AnthropicOnly) => Anthropic(method, rest),
            ["v1", .. { Length: > 0 } rest] => OpenAI(method, rest),
            ["upload" or "download", { } version, _, ..] when Is(version, GoogleVersions) => Gemini(method, parts),
            [{ } version, _, ..] when Is(version, GoogleVersions) => Gemini(method, parts),
            ["model", { Length: > 0 } name, "converse" or "converse-stream" or "invoke" or "invoke-with-response-stream" or "count-tokens"] => Bedrock(name, parts[2]),
            _ => null,
        };
        return found is null ? null : Tell(found, method);
    }

    // What models there are is told by who passes this on; to delete one is an administrator's.
    private static PassedPath? OpenAI(string method, string[] rest) =>
        rest[0] is "models" || Is(rest[0], Administrative) ? null : Stored(ProviderApi.OpenAI, method, "/v1", rest);

    private static PassedPath? Anthropic(string method, string[] rest) =>
        rest[0] is "models" || Is(rest[0], Administrative) ? null : Stored(ProviderApi.Anthropic, method, "/v1", rest);

    private static PassedPath Azure(string name, string[] rest) =>
        new(ProviderApi.Azure, $"/openai/deployments/{PassedPath.ModelMark}/{string.Join('/', rest)}") { Model = Uri.UnescapeDataString(name) };

    private static PassedPath Bedrock(string name, string verb) =>
        new(ProviderApi.Bedrock, $"/model/{PassedPath.ModelMark}/{verb}") { Model = Uri.UnescapeDataString(name) };

    private static PassedPath? Gemini(string method, string[] parts)
    {
        var at = parts[0] is "upload" or "download" ? 1 : 0;
        var prefix = "/" + string.Join('/', parts[..(at + 1)]);
        var rest = parts[(at + 1)..];
        if (Is(rest[0], Administrative))
        {
            return null;
        }

        if (rest is ["models", { } named] && Verb(named) is { } verb)
        {
            return new PassedPath(ProviderApi.Gemini, $"{prefix}/models/{PassedPath.ModelMark}:{verb}")
            {
                Model = Uri.UnescapeDataString(named[..^(verb.Length + 1)]),
            };
        }

        // As above; what stands further below, as operations do, is a call's.
        if (rest is ["models"] or ["models", _])
        {
            return null;
        }

        return Stored(ProviderApi.Gemini, method, prefix, rest) with { Ids = rest.Length > 1 ? [$"{rest[0]}/{Uri.UnescapeDataString(rest[1])}"] : [] };
    }

    // .../publishers/PUBLISHER/models/MODEL:VERB: whose project it is, is the account's.
    private static PassedPath? Vertex(string[] parts) => parts is [_, "projects", _, "locations", _, "publishers", { } publisher, "models", { } named] && Verb(named) is { } verb
        ? new PassedPath(ProviderApi.Vertex, $"/publishers/{publisher}/models/{PassedPath.ModelMark}:{verb}")
        {
            Model = Uri.UnescapeDataString(named[..^(verb.Length + 1)]),
        }
        : null;

    private static PassedPath Stored(ProviderApi api, string method, string prefix, string[] rest) => new(api, $"{prefix}/{string.Join('/', rest)}")
    {
        Ids = [.. rest.Skip(1).Select(Uri.UnescapeDataString).Where(LooksLikeId)],
        Lists = HttpMethodIs(method, "GET") && rest[0] is not "models" && (rest.Length == 1 || (rest.Length == 2 && !LooksLikeId(rest[1]))),
        Uploads = rest[0] is "files" || (rest[0] is "uploads" or "skills" or "containers" or "vector_stores" && HttpMethodIs(method, "POST")),
    };

    private static PassedPath Tell(PassedPath found, string method)
    {
        var last = found.Path[(found.Path.LastIndexOf('/') + 1)..];
        last = last[(last.LastIndexOf(':') + 1)..];
        return found with
        {
            Generates = HttpMethodIs(method, "POST") && last is "completions" or "compact" or "generateContent" or "streamGenerateContent" or "converse"
                or "converse-stream" or "invoke" or "invoke-with-response-stream" or "rawPredict" or "streamRawPredict" or "complete" && found.Ids.Count == 0,
            TellsUsage = HttpMethodIs(method, "POST") && last is not ("cancel" or "countTokens" or "count-tokens" or "input_tokens"),
            Uploads = found.Uploads || found.Path.StartsWith("/upload/", StringComparison.Ordinal),
        };
    }

    /// <summary>The method of a model behind a colon; null where there is none, as in the names of OpenAI's fine-tuned models.</summary>
    private static string? Verb(string named) =>
        named.LastIndexOf(':') is > 0 and var colon && GoogleMethods.TryGetValue(named[(colon + 1)..], out var verb) ? verb : null;

    private static bool LooksLikeId(string part) =>
        part.Length > 2 && !Words.Contains(part) && part.AsSpan().ContainsAny(IdMarks);

    /// <summary>Segments that lead up or administer, however they are written, and separators that only some servers see.</summary>
    private static bool IsUnsafe(string path)
    {
        var plain = Uri.UnescapeDataString(Uri.UnescapeDataString(path));
        return plain.Contains('\\', StringComparison.Ordinal) || plain.Any(char.IsControl)
            || plain.Split('/').Any(static part => part is "." or ".." || AdministrativeAnywhere.Contains(part));
    }

    private static bool HttpMethodIs(string method, string name) => method.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static bool Is(string part, FrozenSet<string> words) => words.Contains(Uri.UnescapeDataString(part));

    private static FrozenSet<string> Set(params string[] words) => words.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}

/// <summary>A path of a provider's API that is passed on as it is.</summary>
/// <param name="Api">Whose it is.</param>
/// <param name="Path">
/// The path in the form that this API's own host takes, percent-encoded, <see cref="ModelMark"/> in place of a model that it names.
/// </param>
public sealed record PassedPath(ProviderApi Api, string Path)
{
    /// <summary>What stands for the model in <see cref="Path"/>.</summary>
    public const string ModelMark = "{model}";

    /// <summary>The model or deployment that the path names, decoded; null where it names none.</summary>
    public string? Model { get; init; }

    /// <summary>Whether it makes text, so that output is foreseen where the request doesn't bound it.</summary>
    public bool Generates { get; init; }

    /// <summary>Whether what it answers tells what this very request used: a stored answer that is asked for again tells what was used before.</summary>
    public bool TellsUsage { get; init; }

    /// <summary>Whether it streams: where it answers JSON, that is an array whose items come one after the other.</summary>
    public bool Streams => Path.EndsWith(":streamGenerateContent", StringComparison.Ordinal);

    /// <summary>Whether it takes files that may be too large to be held.</summary>
    public bool Uploads { get; init; }

    /// <summary>Whether it lists what an account holds, whoever made it.</summary>
    public bool Lists { get; init; }

    /// <summary>What it names of what an account keeps: ids of responses, files, batches; empty where it names none.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];

    /// <summary>The path with a model in its place.</summary>
    /// <param name="model">The model's name at the provider.</param>
    public string At(string model) => Model is null ? Path : Path.Replace(ModelMark, Uri.EscapeDataString(model), StringComparison.Ordinal);
}

/// <summary>Whose API a path belongs to.</summary>
public enum ProviderApi
{
    /// <summary>OpenAI's, under <c>/v1</c>, which many providers have under a path of their own.</summary>
    OpenAI,

    /// <summary>Azure OpenAI's own paths, under <c>/openai</c> with an <c>api-version</c>.</summary>
    Azure,

    /// <summary>Anthropic's, under <c>/v1</c>.</summary>
    Anthropic,

    /// <summary>Gemini's own, under <c>/v1beta</c>.</summary>
    Gemini,

    /// <summary>Bedrock's own, under <c>/model</c>.</summary>
    Bedrock,

    /// <summary>Vertex AI's own, under <c>/v1/projects</c>.</summary>
    Vertex,
}
