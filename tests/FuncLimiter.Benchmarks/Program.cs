using System.CommandLine;
using FuncLimiter.Benchmarks.Decision;
using FuncLimiter.Benchmarks.Measuring;
using FuncLimiter.Benchmarks.Pool;
using FuncLimiter.Benchmarks.Reporting;
using FuncLimiter.Benchmarks.Scheduling;
using FuncLimiter.Benchmarks.Throughput;

Dictionary<string, Func<Effort, TextWriter, Task<Section>>> known = new()
{
    [DecisionSection.Name] = DecisionSection.Run,
    [SchedulingSection.Name] = SchedulingSection.Run,
    [ServerSection.Name] = ServerSection.Run,
    [PoolSection.Name] = PoolSection.Run,
    [FaultsSection.Name] = FaultsSection.Run,
    [CachedSection.Name] = CachedSection.Run,
};

var sections = new Argument<string[]>("sections")
{
    Description = $"What to measure: {string.Join(", ", known.Keys)}. Without any, everything.",
    Arity = ArgumentArity.ZeroOrMore,
};
sections.AcceptOnlyFromAmong([.. known.Keys]);
var rounds = new Option<int>("--rounds") { Description = "Rounds per contender.", DefaultValueFactory = _ => 5 };
var seconds = new Option<double>("--seconds") { Description = "Seconds per contender and round.", DefaultValueFactory = _ => 2 };
var json = new Option<bool>("--json") { Description = "Print one JSON object instead of tables." };

var command = new RootCommand("Every figure that the README quotes, side by side with peers, in one run.") { sections, rounds, seconds, json };
command.SetAction(async parsed =>
{
    var roundTime = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(seconds), 0.1, 60));
    var effort = new Effort(Math.Clamp(parsed.GetValue(rounds), 1, 100), roundTime, roundTime);
    string[] chosen = parsed.GetValue(sections) is { Length: > 0 } named ? named : [.. known.Keys];

    var found = new List<Section>();
    foreach (var name in chosen)
    {
        Console.Error.WriteLine($"== {name}");
        found.Add(await known[name](effort, Console.Error));
    }

    if (parsed.GetValue(json))
    {
        JsonReport.Write(Console.Out, Machine.Describe(), found);
    }
    else
    {
        TextReport.Write(Console.Out, Machine.Describe(), found);
    }
});
return await command.Parse(args).InvokeAsync();
