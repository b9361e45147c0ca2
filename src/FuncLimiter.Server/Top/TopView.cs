using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FuncLimiter.Server.Top;

/// <summary>Shows how things stand in a terminal, anew every second; once where the output is no terminal.</summary>
internal static class TopView
{
    private const int MostQueues = 10;
    private const int BarWidth = 20;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>Shows it until cancelled.</summary>
    public static async Task ShowAsync(StatusSource source, IAnsiConsole console, CancellationToken cancellationToken)
    {
        if (!console.Profile.Capabilities.Interactive)
        {
            using var status = await source.ReadAsync(cancellationToken);
            console.Write(Draw(source.Url, status.RootElement, int.MaxValue));
            return;
        }

        using var first = await source.ReadAsync(cancellationToken);
        await console.Live(Draw(source.Url, first.RootElement, Rows(console))).StartAsync(async live =>
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(Every, cancellationToken);
                using var status = await source.ReadAsync(cancellationToken);
                live.UpdateTarget(Draw(source.Url, status.RootElement, Rows(console)));
            }
        });
    }

    /// <summary>One picture.</summary>
    public static IRenderable Draw(Uri url, JsonElement status, int mostBudgets)
    {
        var rows = new List<IRenderable>
        {
            new Markup(string.Create(CultureInfo.InvariantCulture,
                $"[bold]FuncLimiter[/] {Markup.Escape(url.ToString())}   pressure {Level(Text(status, "pressure"))}   waiting [bold]{Number(status, "waiting"):N0}[/]   admitted {Number(status, "admitted"):N0}   refused {Number(status, "refused"):N0}   429s {Number(status, "providerRateLimited"):N0}")),
            Budgets(status, mostBudgets),
        };
        if (status.GetProperty("queues").GetArrayLength() > 0)
        {
            rows.Add(Queues(status));
        }

        if (status.GetProperty("alerts").GetArrayLength() > 0)
        {
            rows.Add(Alerts(status));
        }

        return new Rows(rows);
    }

    private static int Rows(IAnsiConsole console) => Math.Max(5, console.Profile.Height - MostQueues - 12);

    private static Table Budgets(JsonElement status, int most)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("budget").AddColumn("limit").AddColumn("in use").AddColumn(new TableColumn("").RightAligned()).AddColumn("closed until");
        var meters = status.GetProperty("budgets").EnumerateArray()
            .SelectMany(budget => budget.GetProperty("meters").EnumerateArray().Select(meter => (Budget: budget, Meter: meter)))
            .OrderByDescending(entry => Number(entry.Meter, "use"))
            .ThenBy(entry => Text(entry.Budget, "name"), StringComparer.Ordinal)
            .Take(most);
        foreach (var (budget, meter) in meters)
        {
            var use = Number(meter, "use");
            var (configured, effective) = (Number(meter, "configured"), Number(meter, "effective"));
            table.AddRow(
                Markup.Escape(Text(budget, "name")),
                Limit(Text(meter, "dimension"), configured, effective, Number(meter, "windowSeconds")),
                Bar(use),
                string.Create(CultureInfo.InvariantCulture, $"{100 * use:0.#} %"),
                budget.GetProperty("cooldownUntil").ValueKind == JsonValueKind.Null ? "" : budget.GetProperty("cooldownUntil").GetDateTimeOffset().ToString("T", CultureInfo.InvariantCulture));
        }

        return table;
    }

    private static string Limit(string dimension, double configured, double effective, double windowSeconds)
    {
        var isMoney = dimension == "costNanoUsd";
        var learned = effective < configured * 0.995 ? $" (of {Amount(configured)})" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{Amount(effective)}{learned}{(isMoney ? "" : $" {dimension}")} / {windowSeconds:0.#} s");

        string Amount(double amount) =>
            isMoney ? string.Create(CultureInfo.InvariantCulture, $"${amount / 1e9:N2}") : amount.ToString("N0", CultureInfo.InvariantCulture);
    }

    private static Table Queues(JsonElement status)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("waiting for").AddColumn("tenant").AddColumn("priority").AddColumn(new TableColumn("calls").RightAligned()).AddColumn(new TableColumn("oldest").RightAligned());
        foreach (var queue in status.GetProperty("queues").EnumerateArray().OrderByDescending(queue => Number(queue, "oldestSeconds")).Take(MostQueues))
        {
            table.AddRow(
                Markup.Escape(Text(queue, "route")), Markup.Escape(Text(queue, "tenant")), Text(queue, "priority"),
                Number(queue, "waiting").ToString("N0", CultureInfo.InvariantCulture),
                string.Create(CultureInfo.InvariantCulture, $"{Number(queue, "oldestSeconds"):0.0} s"));
        }

        return table;
    }

    private static Table Alerts(JsonElement status)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("alert").AddColumn("level").AddColumn(new TableColumn("in use").RightAligned()).AddColumn("cause and what is done");
        foreach (var alert in status.GetProperty("alerts").EnumerateArray())
        {
            var steps = alert.GetProperty("steps").EnumerateArray().Select(step => step.GetString()!);
            table.AddRow(
                Markup.Escape(Text(alert, "budget")), Level(Text(alert, "level")),
                string.Create(CultureInfo.InvariantCulture, $"{100 * Number(alert, "use"):0} %"),
                Markup.Escape(string.Join("; ", steps.Prepend(alert.GetProperty("cause").GetString() ?? "no single cause stands out"))));
        }

        return table;
    }

    private static string Bar(double use)
    {
        var filled = (int)Math.Round(Math.Clamp(use, 0, 1) * BarWidth);
        var color = use >= 0.9 ? "red" : use >= 0.8 ? "yellow" : "green";
        return $"[{color}]{new string('█', filled)}[/][grey]{new string('░', BarWidth - filled)}[/]";
    }

    private static string Level(string level) => level switch { "act" => "[red]act[/]", "warn" => "[yellow]warn[/]", _ => "[green]normal[/]" };

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? string.Empty;

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();
}

/// <summary>Asks a running server how things stand.</summary>
internal sealed class StatusSource : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly HttpClient _client;

    /// <param name="key">An admin key, or null.</param>
    public StatusSource(Uri url, string? key)
    {
        _client = new HttpClient { BaseAddress = url, Timeout = Longest };
        _client.DefaultRequestHeaders.Authorization = string.IsNullOrEmpty(key) ? null : new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Where it asks.</summary>
    public Uri Url => _client.BaseAddress!;

    /// <summary>The answer as it came.</summary>
    /// <exception cref="HttpRequestException">The server can't be reached, or does not answer so.</exception>
    public Task<string> ReadTextAsync(CancellationToken cancellationToken) => _client.GetStringAsync("/status", cancellationToken);

    /// <summary>The answer, read.</summary>
    /// <exception cref="HttpRequestException">The server can't be reached, or does not answer so.</exception>
    public async Task<JsonDocument> ReadAsync(CancellationToken cancellationToken) => JsonDocument.Parse(await ReadTextAsync(cancellationToken));

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
