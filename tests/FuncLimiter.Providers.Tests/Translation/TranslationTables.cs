using System.Globalization;
using System.Text;
using FuncLimiter.Providers.Translation;
using FuncLimiter.Providers.Translation.Anthropic;
using FuncLimiter.Providers.Translation.Fitting;
using FuncLimiter.Providers.Translation.OpenAI;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Tests.Translation;

/// <summary>The tables of the page on translation, made of what the checks themselves go by.</summary>
internal static class TranslationTables
{
    private static readonly (string Asked, Func<Abilities, string> Cell)[] Rows =
    [
        ("temperature", api => $"up to {api.MaxTemperature.ToString(CultureInfo.InvariantCulture)}"),
        ("temperature and `top_p` together", api => YesNo(api.TemperatureWithTopP)),
        ("`top_k`", api => YesNo(api.TopK)),
        ("frequency and presence penalty other than 0", api => YesNo(api.Penalties)),
        ("seed", api => YesNo(api.Seed)),
        ("stop texts", api => api.MaxStops == int.MaxValue ? "yes" : $"up to {api.MaxStops}"),
        ("images as bytes", api => string.Join(", ", api.ImageTypes.Select(type => type["image/".Length..]).Order(StringComparer.Ordinal))),
        ("images at an address", api => YesNo(api.RemoteImages)),
        ("an image's `detail` other than `auto`", api => YesNo(api.ImageDetail)),
        ("images in a tool's result", api => YesNo(api.ImagesInResults)),
        ("a tool's result marked as a failure", api => YesNo(api.FailedResults)),
        ("one tool call at a time", api => YesNo(api.SingleCalls)),
        ("tools with calls forbidden", api => YesNo(api.NoCalls)),
        ("strict tools", api => YesNo(api.StrictTools)),
        ("tool calls in messages without `tools`", api => YesNo(!api.CallsNeedTools)),
        ("a tool's name", api => api.ToolNames.Words),
        ("a call's id", api => api.CallIds.Words),
        ("any JSON object as answer", api => YesNo(api.JsonObject)),
        ("a JSON schema for the answer", api => api.Schemas is null ? "all keywords" : string.Join(" ", api.Schemas.Keywords.Order(StringComparer.Ordinal).Select(word => $"`{word}`"))),
        ("instructions after the first message, an assistant's message first, texts without a word", api => YesNo(!api.TakesTurns)),
    ];

    private static readonly (string Where, HarmlessField[] Fields)[] Harmless =
    [
        ("chat completions", ChatHarmless.Request),
        ("a message of chat completions", ChatHarmless.Message),
        ("a part of such a message", ChatHarmless.Part),
        ("`stream_options`", ChatHarmless.StreamOptions),
        ("Messages", MessagesHarmless.Request),
        ("a block of Messages", MessagesHarmless.Block),
        ("a tool of Messages", MessagesHarmless.Tool),
    ];

    /// <summary>Which betas of Anthropic's cross to the clouds that host Claude, as a Markdown table.</summary>
    public static string OfBetas()
    {
        HostedMessages[] clouds = [HostedMessages.Bedrock, HostedMessages.Vertex];
        var table = new StringBuilder();
        Line(table, ["beta", .. clouds.Select(cloud => cloud.Cloud)]);
        Line(table, ["---", .. clouds.Select(_ => "---")]);
        foreach (var beta in clouds.SelectMany(cloud => cloud.Betas).Distinct().Order(StringComparer.Ordinal))
        {
            Line(table, [$"`{beta}`", .. clouds.Select(cloud => cloud.Find(beta) is not { } there ? HostedMessages.IsHarmless(beta) ? "left out" : "no"
                : there == beta ? "yes" : $"as `{there}`")]);
        }

        return table.ToString();
    }

    /// <summary>What each API can be asked, as a Markdown table.</summary>
    public static string OfAbilities()
    {
        var apis = Enum.GetValues<Wire>().Where(wire => wire != Wire.HostedMessages).Select(KnownAbilities.Of).ToArray();
        var table = new StringBuilder();
        Line(table, ["asked for", .. apis.Select(api => api.Api)]);
        Line(table, ["---", .. apis.Select(_ => "---")]);
        foreach (var (asked, cell) in Rows)
        {
            Line(table, [asked, .. apis.Select(cell)]);
        }

        return table.ToString();
    }

    /// <summary>What may be left out, as a Markdown table.</summary>
    public static string OfHarmless()
    {
        var table = new StringBuilder();
        Line(table, ["in", "field", "left out where it is", "because it"]);
        Line(table, ["---", "---", "---", "---"]);
        foreach (var (where, fields) in Harmless)
        {
            foreach (var field in fields)
            {
                Line(table, [where, $"`{field.Name}`", field.When ?? "there", field.When is null ? $"is {field.Why}" : field.Why]);
            }
        }

        return table.ToString();
    }

    private static void Line(StringBuilder table, string[] cells) => table.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    private static string YesNo(bool can) => can ? "yes" : "no";
}
