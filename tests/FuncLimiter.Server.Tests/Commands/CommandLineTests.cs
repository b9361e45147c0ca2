using System.CommandLine;
using System.CommandLine.Help;
using FuncLimiter.Server.Commands;
using FuncLimiter.Server.Tests.Limits;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Commands;

/// <summary>
/// Every command with every option, good and bad, through the built program. What there is to try is asked of the command line itself, so
/// that an option without a case fails. What is wrong is said in a sentence on the standard error, with an exit code, and never with a stack.
/// </summary>
[TakesLong]
public sealed class CommandLineTests(CommandLineTests.Setup setup) : IClassFixture<CommandLineTests.Setup>
{
    private const string Configuration = """
        { "accounts": [{ "id": "o", "provider": "openai", "apiKey": "${ANY}", "models": [{ "model": "m", "limits": { "rpm": 60 } }] }] }
        """;

    // By command: what makes it run well.
    private static readonly Dictionary<string, string> Good = new(StringComparer.Ordinal)
    {
        ["serve"] = "--config good.json --data served --urls http://127.0.0.1:0",
        ["backup"] = "--data data --to {new}",
        ["check"] = "--config good.json --json",
        ["import"] = "litellm litellm.yaml --out {new}",
        ["discover"] = "--keys keys.env --out {new}",
        ["plan"] = "--volumes volumes.json --config good.json --json",
        ["simulate"] = "--config good.json --fleet fleet.json --seed 7 --record {new} --json",
        ["replay"] = "--record record.jsonl --config good.json --against good.json --set queue.maxWaiting=5 --write {new} --json",
        ["completion"] = "bash",
        ["demo"] = "--seconds 1 --agents 3 --picture {new} --json",
        ["double"] = "--config good.json --urls http://127.0.0.1:0",
        ["top"] = "--url {server} --json",
        ["health"] = "--url {server}",
    };

    // By option: other values that are right, and values that are wrong.
    private static readonly Dictionary<string, (string[] Right, string[] Wrong)> Values = new(StringComparer.Ordinal)
    {
        ["serve --config"] = (["./good.json"], ["missing.json", "broken.json", ".", "good.json/x"]),
        ["serve --data"] = (["new/folder"], ["good.json", "/proc/nowhere"]),
        ["serve --urls"] = (["http://127.0.0.1:0;http://127.0.0.1:0"], ["nonsense", "http://localhost:0", "http://0.0.0.0:0", "http://127.0.0.1:99999", "http://127.0.0.1:-1", "https://127.0.0.1:0", "ftp://127.0.0.1:0", "{server}"]),
        ["backup --data"] = (["./data/"], ["missing", "good.json", "."]),
        ["backup --to"] = (["./{new}", "{new}/"], ["data", "good.json", "good.json/x", "/proc/nowhere"]),
        ["check --config"] = (["./good.json"], ["missing.json", "broken.json", "."]),
        ["check --json"] = (["true"], ["maybe"]),
        ["import from"] = (["litellm"], ["nobody", "LiteLLM"]),
        ["import file"] = (["./litellm.yaml"], ["missing.yaml", "broken.json", "good.json", "."]),
        ["import --out"] = (["./{new}"], ["litellm.yaml", ".", "litellm.yaml/x"]),
        ["discover --keys"] = (["./keys.env"], ["missing.env", "good.json", "empty.env", "stranger.env", "."]),
        ["discover --out"] = (["./{new}"], ["keys.env", ".", "keys.env/x"]),
        ["plan --volumes"] = (["./volumes.json"], ["missing.json", "broken.json", "."]),
        ["plan --config"] = (["./good.json"], ["missing.json", "broken.json", "."]),
        ["plan --json"] = (["true", "false"], ["maybe"]),
        ["simulate --config"] = (["./good.json"], ["missing.json", "broken.json", "."]),
        ["simulate --fleet"] = (["./fleet.json"], ["missing.json", "broken.json", "."]),
        ["simulate --seed"] = (["0", "18446744073709551615"], ["-1", "1.5", "many", "18446744073709551616"]),
        ["simulate --record"] = (["./{new}"], ["good.json", ".", "good.json/x"]),
        ["replay --record"] = (["./record.jsonl"], ["missing.jsonl", "broken.json", "good.json", "empty.env", "."]),
        ["replay --config"] = (["./good.json"], ["missing.json", "broken.json", "."]),
        ["replay --against"] = (["./good.json"], ["missing.json", "broken.json", "."]),
        ["replay --set"] = (["accounts[o].models[m].limits.rpm=120", "routes=[]"], ["nonsense", "=5", "accounts[nobody].limits.rpm=5", "queue.maxWaiting=none"]),
        ["replay --write"] = (["./{new}"], ["good.json", ".", "good.json/x"]),
        ["replay --json"] = (["true", "false"], ["maybe"]),
        ["simulate --json"] = (["true", "false"], ["maybe"]),
        ["completion shell"] = (["zsh", "pwsh"], ["cmd"]),
        ["demo --seconds"] = (["2"], ["0", "-1", "1.5", "86401", "99999999999", "soon"]),
        ["demo --agents"] = (["10"], ["2", "0", "-1", "2001", "1.5", "many"]),
        ["demo --picture"] = (["./{new}"], ["good.json/x", "/proc/nowhere/x"]),
        ["demo --json"] = (["true"], ["maybe"]),
        ["double --config"] = (["./good.json"], ["missing.json", "broken.json", "."]),
        ["double --urls"] = (["http://localhost:0"], ["nonsense", "http://0.0.0.0:0", "http://example.com:80", "https://127.0.0.1:0", "http://127.0.0.1:99999", "{server}"]),
        ["top --url"] = (["{server}/"], ["nonsense", "http://127.0.0.1:1", "http://nobody.invalid", "ftp://127.0.0.1", "http://", "/status", "{double}"]),
        ["top --json"] = (["true", "false"], ["maybe"]),
        ["health --url"] = (["{server}/"], ["nonsense", "http://127.0.0.1:1", "http://nobody.invalid", "ftp://127.0.0.1", "http://", "/health", "{double}"]),
    };

    // For every option whatever it takes: these may be right or wrong, but never break the program.
    private static readonly string[] Anything = ["", "  ", "-", "%00", "\u0001", "ä/ö\n", new string('x', 9_000), "2147483648"];

    private static readonly Symbol[] Symbols =
        [.. CommandLine.Create().Subcommands.SelectMany(command => command.Options.Where(option => option is not HelpOption).Cast<Symbol>().Concat(command.Arguments))];

    public static IEnumerable<object?[]> RightOnes() => Good.Keys.Select(command => new object?[] { command, null }).Concat(Cases(values => values.Right));

    public static IEnumerable<object?[]> WrongOnes() => Cases(values => values.Wrong);

    public static IEnumerable<object?[]> AnyOnes() => Cases(_ => Anything);

    [Fact]
    public void EveryCommandAndOption_HasItsCases()
    {
        Assert.Equal(CommandLine.Create().Subcommands.Select(command => command.Name).Order(), Good.Keys.Order());
        Assert.Equal(Symbols.Select(NameOf).Order(), Values.Keys.Order());
        Assert.All(Values, option => Assert.True(option.Value is { Right.Length: > 0, Wrong.Length: > 0 }, option.Key));
        Assert.All(Good, command => Assert.All(
            CommandLine.Create().Subcommands.Single(each => each.Name == command.Key).Options.Where(option => option is not HelpOption),
            option => Assert.Contains(option.Name, command.Value.Split(' '))));
    }

    [Theory]
    [MemberData(nameof(RightOnes))]
    public async Task Right_Works(string what, string? value)
    {
        var result = await setup.RunAsync(what, value);

        Assert.True(result.ExitCode == 0, $"{result.ExitCode}: {result.Output}{result.Errors}");
        Assert.NotEmpty(result.Output);
    }

    [Theory]
    [MemberData(nameof(WrongOnes))]
    public async Task Wrong_IsSaidInASentence(string what, string? value)
    {
        var result = await setup.RunAsync(what, value);

        Assert.NotEqual(0, result.ExitCode);
        AssertPlain(result);
        Assert.NotEqual("", result.Errors.Trim() + (what.StartsWith("check", StringComparison.Ordinal) ? result.Output : ""));
    }

    [Theory]
    [MemberData(nameof(AnyOnes))]
    public async Task Anything_DoesNotBreakIt(string what, string? value) => AssertPlain(await setup.RunAsync(what, value));

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("serve")]
    [InlineData("serve --config")]
    [InlineData("check --nonsense")]
    [InlineData("demo nonsense")]
    public async Task Unknown_IsSaid(string line)
    {
        var result = await BuiltProgram.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), setup.Folder);

        Assert.NotEqual(0, result.ExitCode);
        Assert.NotEmpty(result.Errors);
        AssertPlain(result);
    }

    [Fact]
    public async Task Help_NamesEveryCommandAndOption()
    {
        var root = await BuiltProgram.RunAsync(["--help"], setup.Folder);

        Assert.Equal(0, root.ExitCode);
        foreach (var command in CommandLine.Create().Subcommands)
        {
            Assert.Contains($"  {command.Name}", root.Output, StringComparison.Ordinal);
            var help = await BuiltProgram.RunAsync([command.Name, "--help"], setup.Folder);
            Assert.Equal(0, help.ExitCode);
            Assert.All(command.Options, option => Assert.Contains(option.Name, help.Output, StringComparison.Ordinal));
        }
    }

    private static string NameOf(Symbol symbol) => $"{symbol.Parents.Single().Name} {symbol.Name}";

    private static IEnumerable<object?[]> Cases(Func<(string[] Right, string[] Wrong), string[]> which) =>
        Symbols.Select(NameOf).Where(Values.ContainsKey).SelectMany(name => which(Values[name]).Select(value => new object?[] { name, value }));

    private static void AssertPlain(CommandResult result)
    {
        Assert.True(result.ExitCode is 0 or 1, $"{result.ExitCode}: {result.Errors}");
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("nhandled", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("FuncLimiter can't go on", result.Errors, StringComparison.Ordinal);
    }

    /// <summary>A folder with files, and a server and a double that run.</summary>
    public sealed class Setup : IAsyncLifetime
    {
        private readonly ServerFolder _folder = NewFolder();
        private ServerProcess? _server;
        private FuncLimiter.Simulation.Providers.ProviderDouble? _double;
        private LimitApis? _apis;

        /// <summary>Where the files are.</summary>
        public string Folder => Path.GetDirectoryName(_folder.ConfigurationFile)!;

        public async Task InitializeAsync()
        {
            Write("good.json", Configuration);
            Write("broken.json", "{ \"accounts\": [");
            Write("litellm.yaml", "model_list: [{ model_name: m, litellm_params: { model: openai/m, api_key: os.environ/ANY } }]");
            Write("volumes.json", """{ "teams": [{ "id": "a", "work": [{ "route": "m", "callsPerHour": 60, "inputTokens": 100, "outputTokens": 20 }] }] }""");
            Write("fleet.json", """{ "hours": 1, "tenants": [{ "id": "a", "groups": [{ "route": "m", "callsPerHour": 60, "inputTokens": 100, "outputTokens": 20 }] }] }""");
            Write("record.jsonl", """{"at":"2026-01-05T00:00:00+00:00","tenant":"x","route":"m","priority":"standard","outcome":"answered","bytes":400,"input":100,"output":20,"tookMs":900,"deployment":"o/m"}""" + "\n");
            _apis = await LimitApis.StartAsync(("gpt-x", 600, 120_000));
            Write("keys.env", $"# keys\nexport OPENAI_API_KEY='{LimitApis.OpenRouterKey}'\nOPENAI_BASE_URL={_apis.BaseAddress}/v1\n");
            Write("stranger.env", $"OPENAI_API_KEY=nobodys\nOPENAI_BASE_URL={_apis.BaseAddress}/v1\n");
            Write("empty.env", "# nothing\n");
            _server = await _folder.With("ANY", "any").StartAsync();
            _double = await FuncLimiter.Simulation.Providers.ProviderDouble.StartAsync(new() { Deployments = [] });
        }

        public async Task DisposeAsync()
        {
            await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (_double?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (_apis?.DisposeAsync() ?? ValueTask.CompletedTask);
            _folder.Dispose();
        }

        /// <summary>Runs a command well, but for one option or argument.</summary>
        internal Task<CommandResult> RunAsync(string what, string? value)
        {
            var (command, option) = what.Split(' ') is [var first, var second] ? (first, second) : (what, "");
            List<string> arguments = [command, .. Good[command].Split(' ')];
            if (value is not null)
            {
                var at = arguments.IndexOf(option);
                if (at < 0)
                {
                    var names = CommandLine.Create().Subcommands.Single(each => each.Name == command).Arguments.Select(argument => argument.Name);
                    arguments[1 + names.ToList().IndexOf(option)] = value;
                }
                else if (option == "--json")
                {
                    arguments[at] = $"--json={value}";
                }
                else
                {
                    arguments[at + 1] = value;
                }
            }

            return BuiltProgram.RunAsync(arguments.Select(Fill), Folder);
        }

        private static ServerFolder NewFolder() => new(Configuration);

        private string Fill(string text) => text
            .Replace("{new}", $"{Guid.NewGuid():N}.json", StringComparison.Ordinal)
            .Replace("{server}", _server!.Client.BaseAddress!.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)
            .Replace("{double}", _double!.BaseAddress.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);

        private void Write(string name, string text) => File.WriteAllText(Path.Combine(Folder, name), text);
    }
}
