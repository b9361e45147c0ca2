using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Gateway.Admin;

namespace FuncLimiter.Functions.Hosting;

/// <summary>
/// Lays what operators have stored over <c>funclimiter.json</c>: tenants with their hashed keys, and limits. Each is stored in the file's
/// own form, so that the same reader checks it. An instance takes it up at its start.
/// </summary>
internal static class ConfigurationOverlay
{
    /// <summary>The partition of tenants; the row's key is the tenant's id.</summary>
    public const string Tenants = "tenants";

    /// <summary>The partition of limits; the row's key is an account's id, or <c>account|model</c>.</summary>
    public const string Limits = "limits";

    private const string Json = "Json";

    /// <summary>What operators are told who want to change these while the app runs.</summary>
    public static StoredSettings Settings { get; } = new(
        $"Set them in {AppConfiguration.FileName} and deploy, or in a row of the table {JobTables.SettingsName} (partition '{Limits}', key the account's id or 'account|model', "
            + $"column {Json} the limits as in the file), then restart the app.",
        $"Set the tenant in {AppConfiguration.FileName} and deploy, or in a row of the table {JobTables.SettingsName} (partition '{Tenants}', key its id, "
            + $"column {Json} the whole tenant as in the file, with its weight and keys), then restart the app.");

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
