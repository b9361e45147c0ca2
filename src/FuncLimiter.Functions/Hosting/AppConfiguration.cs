using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Admin;

namespace FuncLimiter.Functions.Hosting;

/// <summary>Finds and reads <c>funclimiter.json</c>, or tells everything that is wrong with it.</summary>
internal static class AppConfiguration
{
    /// <summary>The setting that names another file.</summary>
    public const string FileSetting = "FUNCLIMITER_CONFIG";

    /// <summary>The file, beside the app.</summary>
    public const string FileName = "funclimiter.json";

    /// <summary>
    /// No request waits longer for its turn: Azure's front end cuts one that gets no byte for 230 seconds, and the provider needs its time
    /// as well. What may wait longer is a job. Source: "Azure Functions HTTP trigger", limits, Microsoft Learn.
    /// </summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(180);

    /// <summary>The configuration; null after every mistake was told.</summary>
    /// <param name="setting">A setting of the app, or null.</param>
    /// <param name="overlay">What operators have set since; see <see cref="ConfigurationOverlay"/>.</param>
    /// <param name="errors">Where mistakes are told.</param>
    public static GatewayConfiguration? Read(
        string folder, Func<string, string?> setting, Func<byte[], byte[]> overlay, TextWriter errors)
    {
        var file = PathOf(folder, setting);
        byte[] json;
        try
        {
            json = File.ReadAllBytes(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"{file}: {exception.Message} Put {FileName} at the repository's root before building, or set {FileSetting}.");
            return null;
        }

        var result = ConfigurationReader.Read(overlay(json), setting);
        foreach (var mistake in result.Mistakes)
        {
            errors.WriteLine(mistake);
        }

        if (!result.IsValid)
        {
            return null;
        }

        var faults = Faults(result.Configuration, setting).ToArray();
        foreach (var fault in faults)
        {
            errors.WriteLine(fault);
        }

        return faults.Length == 0 ? Hasten(result.Configuration) : null;
    }

    /// <summary>Where the configuration stands.</summary>
    public static string PathOf(string folder, Func<string, string?> setting) => Path.Combine(folder, setting(FileSetting) ?? FileName);

    /// <summary>What keeps the app from serving by a configuration that is valid elsewhere.</summary>
    public static IEnumerable<string> Faults(GatewayConfiguration configuration, Func<string, string?> setting)
    {
        if (configuration.Tenants.Count == 0 && !IsDevelopment(setting))
        {
            yield return "$.tenants: none are configured, so anyone could call: configure tenants with keys.";
        }
    }

    /// <summary>Whether the app runs on a developer's machine, as Core Tools tell.</summary>
    public static bool IsDevelopment(Func<string, string?> setting) =>
        "Development".Equals(setting("AZURE_FUNCTIONS_ENVIRONMENT"), StringComparison.OrdinalIgnoreCase);

    private static GatewayConfiguration Hasten(GatewayConfiguration configuration)
    {
        var queue = configuration.Queue;
        return configuration with
        {
            Queue = queue with
            {
                MaxWaitInteractive = AtMost(queue.MaxWaitInteractive),
                MaxWaitStandard = AtMost(queue.MaxWaitStandard),
                MaxWaitBackground = AtMost(queue.MaxWaitBackground),
            },
        };

        static TimeSpan AtMost(TimeSpan wait) => wait < LongestWait ? wait : LongestWait;
    }
}

/// <summary>
/// Lays what operators have stored over <c>funclimiter.json</c>: tenants with their hashed keys, and limits. Each is stored in the file's
/// own form, so that the same reader checks it. Every instance takes it up at its start and, changed, within a minute.
/// </summary>
internal static class ConfigurationOverlay
{
    /// <summary>The partition of tenants; the row's key is the tenant's id.</summary>
    public const string Tenants = "tenants";

    /// <summary>The partition of limits; the row's key is an account's id, or <c>account|model</c>.</summary>
    public const string Limits = "limits";

    private const string Json = "Json";

    /// <summary>What operators are told who want to change these at one instance.</summary>
    public static StoredSettings Settings { get; } = new(
        $"Set them in {AppConfiguration.FileName} and deploy, or in a row of the table {JobTables.SettingsName} (partition '{Limits}', key the account's id or 'account|model', "
            + $"column {Json} the limits as in the file): rows are taken up within a minute.",
        $"Set the tenant in {AppConfiguration.FileName} and deploy, or in a row of the table {JobTables.SettingsName} (partition '{Tenants}', key its id, "
            + $"column {Json} the whole tenant as in the file, with its weight and keys). Rows are taken up within a minute.");

    private static readonly JsonDocumentOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>A row that stores a tenant or limits.</summary>
    public static Row ToRow(string partition, string key, JsonObject value) => new(partition, key) { Values = { [Json] = value.ToJsonString() } };

    /// <summary>The file with the rows laid over it; the file as it is where there is none, or where it can't be read at all.</summary>
    public static byte[] Apply(byte[] file, IReadOnlyList<Row> rows)
    {
        if (rows.Count == 0)
        {
            return file;
        }

        JsonObject root;
        try
        {
            root = JsonNode.Parse(file, documentOptions: Options) as JsonObject ?? throw new JsonException("no object");
        }
        catch (JsonException)
        {
            // The reader tells what is wrong with it.
            return file;
        }

        foreach (var row in rows)
        {
            if (row.Values.GetValueOrDefault(Json) is string text && JsonNode.Parse(text) is JsonObject value)
            {
                Apply(root, row, value);
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(root);
    }

    private static void Apply(JsonObject root, Row row, JsonObject value)
    {
        if (row.Partition == Tenants)
        {
            var tenants = root["tenants"] as JsonArray ?? [];
            root["tenants"] = tenants;
            if (Find(tenants, "id", row.Key) is { } old)
            {
                tenants.Remove(old);
            }

            tenants.Add(value);
        }
        else if (row.Partition == Limits && row.Key.Split('|') is [var id, .. var model]
            && root["accounts"] is JsonArray accounts && Find(accounts, "id", id) is { } account)
        {
            var target = model is [var name] ? Find(account["models"] as JsonArray ?? [], "model", name) : account;
            if (target is not null)
            {
                target["limits"] = value;
            }
        }
    }

    private static JsonObject? Find(JsonArray list, string name, string value) =>
        list.OfType<JsonObject>().FirstOrDefault(item => item[name] is JsonValue found && found.TryGetValue(out string? text) && text == value);
}
