using System.Text;
using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>The real server process in front of the provider, configured for several cases and warm before the first of them begins.</summary>
internal sealed class FieldServer : IAsyncDisposable
{
    private const int WarmingCalls = 100;

    private readonly FieldProvider _provider;
    private readonly ServerFolder _folder;
    private readonly ServerProcess _process;
    private readonly Dictionary<string, FieldCase> _cases;

    private FieldServer(FieldProvider provider, ServerFolder folder, ServerProcess process, IEnumerable<FieldCase> cases)
    {
        (_provider, _folder, _process) = (provider, folder, process);
        _cases = cases.ToDictionary(one => one.Name);
    }

    /// <summary>The provider.</summary>
    public FieldProvider Provider => _provider;

    /// <summary>Where the server listens.</summary>
    public Uri Address => _process.Client.BaseAddress!;

    /// <summary>What the server printed and logged.</summary>
    public string Output => _process.Output;

    /// <summary>One of the cases, by its name.</summary>
    public FieldCase this[string name] => _cases[name];

    /// <summary>Starts provider and server, and warms them.</summary>
    /// <param name="cases">The cases.</param>
    /// <param name="configure">Adds to the configuration what no case's setting has.</param>
    public static async Task<FieldServer> StartAsync(IEnumerable<FieldCase> cases, Action<JsonObject>? configure = null)
    {
        FieldCase[] all = [new("warm-openai", "openai"), new("warm-anthropic", "anthropic"), .. cases];
        var provider = await FieldProvider.StartAsync();
        var configuration = new JsonObject { ["accounts"] = new JsonArray(), ["routes"] = new JsonArray(), ["tenants"] = new JsonArray() };
        var folder = new ServerFolder("{}");
        foreach (var one in all)
        {
            one.Configure(configuration, provider.BaseAddress);
            foreach (var account in one.Accounts)
            {
                provider.Add(account);
                folder.With(FieldCase.Variable(account), account.Key);
            }
        }

        configure?.Invoke(configuration);
        folder.Configure(configuration.ToJsonString());
        var server = new FieldServer(provider, folder, await folder.StartAsync(), all);
        await server.WarmAsync();
        return server;
    }

    /// <summary>Sends a request of a case's tenant.</summary>
    public Task<FieldReply> SendAsync(FieldCase one, string method, string target, byte[]? body, params (string Name, string Value)[] headers)
    {
        List<(string Name, string Value)> all = [.. headers];
        if (!all.Exists(header => header.Name is "Authorization" or "x-api-key" or "api-key" or "x-goog-api-key"))
        {
            all.Add(("Authorization", $"Bearer {one.Key}"));
        }

        if (body is not null && !all.Exists(header => header.Name == "Content-Type"))
        {
            all.Add(("Content-Type", "application/json"));
        }

        return FieldCaller.SendAsync(Address, method, target, body, [.. all]);
    }

    /// <summary>Posts a text as a case's tenant.</summary>
    public Task<FieldReply> PostAsync(FieldCase one, string target, string body, params (string Name, string Value)[] headers) =>
        SendAsync(one, "POST", target, Encoding.UTF8.GetBytes(body), headers);

    /// <summary>Posts the body <em>chat</em>.</summary>
    public Task<FieldReply> ChatAsync(FieldCase one, params (string Name, string Value)[] headers) =>
        PostAsync(one, FieldBodies.ChatPath, FieldBodies.Chat(one), headers);

    /// <summary>The budget in <c>/status</c> whose name begins so.</summary>
    public async Task<JsonNode> BudgetAsync(string prefix)
    {
        var status = (await _process.Client.FetchAsync("/status")).Json;
        var found = status["budgets"]!.AsArray().FirstOrDefault(budget => budget!["name"]!.GetValue<string>().StartsWith(prefix, StringComparison.Ordinal));
        return found ?? throw new InvalidOperationException($"No budget is named {prefix}: {status}");
    }

    /// <summary>Asserts that the limits of account A are as they were configured.</summary>
    /// <param name="one">The case.</param>
    /// <param name="orTokens">What a tokens meter may have instead, because the provider said so.</param>
    public async Task AssertLimitsKeptAsync(FieldCase one, double? orTokens = null)
    {
        var meters = (await BudgetAsync($"deployment:{one.A.Id}/"))["meters"]!.AsArray();
        Assert.NotEmpty(meters);
        Assert.All(meters, meter =>
        {
            var effective = meter!["effective"]!.GetValue<double>();
            Assert.True(
                effective == meter["configured"]!.GetValue<double>()
                    || (effective == orTokens && meter["dimension"]!.GetValue<string>().Contains("okens", StringComparison.Ordinal)),
                meters.ToString());
        });
    }

    /// <summary>The usage of account A once it is as expected, or three seconds later.</summary>
    public async Task<JsonNode?> UsageAsync(FieldCase one, Func<JsonNode, bool> isExpected)
    {
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(3);
        while (true)
        {
            var row = (await _process.Client.FetchAsync($"/usage?by=account&account={one.A.Id}")).Json["rows"]?.AsArray().FirstOrDefault();
            if ((row is not null && isExpected(row)) || DateTime.UtcNow > end)
            {
                return row;
            }

            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
        await _provider.DisposeAsync();
    }

    private async Task WarmAsync()
    {
        var (chat, message) = (this["warm-openai"], this["warm-anthropic"]);
        string[] bodies =
        [
            FieldBodies.Chat(chat), FieldBodies.Streamed(FieldBodies.Chat(chat)),
            FieldBodies.Message(message), FieldBodies.Streamed(FieldBodies.Message(message)),
            FieldBodies.Response(chat), FieldBodies.Streamed(FieldBodies.Response(chat)),
        ];
        for (var call = 0; call < WarmingCalls; call++)
        {
            var place = call % bodies.Length;
            var (one, path) = place switch { 0 or 1 => (chat, FieldBodies.ChatPath), 2 or 3 => (message, FieldBodies.MessagePath), _ => (chat, FieldBodies.ResponsePath) };
            var reply = await PostAsync(one, path, bodies[place]);
            Assert.True(reply.Status == 200 && reply.Text.Contains("from A", StringComparison.Ordinal), $"{reply}\n{Output}");
        }
    }
}
