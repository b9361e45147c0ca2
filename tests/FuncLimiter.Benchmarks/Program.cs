using System.CommandLine;
using FuncLimiter.Benchmarks.Decision;
using FuncLimiter.Benchmarks.Load;
using FuncLimiter.Benchmarks.Measuring;
using FuncLimiter.Benchmarks.Pool;
using FuncLimiter.Benchmarks.Reporting;
using FuncLimiter.Benchmarks.Scheduling;
using FuncLimiter.Benchmarks.Throughput;

switch (args)
{
    case [PlainProxy.Command, var port, var upstreamPort]:
        await PlainProxy.ServeAsync(port, upstreamPort);
        return 0;
    case [StreamProvider.Command, var port]:
        await StreamProvider.ServeAsync(port);
        return 0;
    case [StreamClient.Command, var port, var key, var milliseconds]:
        await StreamClient.MeasureAsync(port, key, milliseconds);
        return 0;
}

var minutes = new Option<int>("--minutes") { Description = "Minutes of the soak.", DefaultValueFactory = _ => 10 };
var soakTime = 10;
Dictionary<string, Func<Effort, TextWriter, Task<Section>>> known = new()
{
    [DecisionSection.Name] = DecisionSection.Run,
    [SchedulingSection.Name] = SchedulingSection.Run,
    [ServerSection.Name] = ServerSection.Run,
    [StreamsSection.Name] = StreamsSection.Run,
    [LoadSection.Name] = LoadSection.Run,
    [PoolSection.Name] = PoolSection.Run,
    [FaultsSection.Name] = FaultsSection.Run,
    [CachedSection.Name] = CachedSection.Run,
    [SoakSection.Name] = (_, progress) => SoakSection.Run(soakTime, progress),
};

var sections = new Argument<string[]>("sections")
{
    Description = $"What to measure: {string.Join(", ", known.Keys)}. Without any, everything but the soak.",
    Arity = ArgumentArity.ZeroOrMore,
};
sections.AcceptOnlyFromAmong([.. known.Keys]);
var rounds = new Option<int>("--rounds") { Description = "Rounds per contender.", DefaultValueFactory = _ => 5 };
var seconds = new Option<double>("--seconds") { Description = "Seconds per contender and round.", DefaultValueFactory = _ => 2 };
var json = new Option<bool>("--json") { Description = "Print one JSON object instead of tables." };

var command = new RootCommand("Every figure that docs/speed.md quotes, side by side with peers, in one run.") { sections, rounds, seconds, minutes, json };
command.SetAction(async parsed =>
{
    var roundTime = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(seconds), 0.1, 60));
    var effort = new Effort(Math.Clamp(parsed.GetValue(rounds), 1, 100), roundTime, roundTime);
    soakTime = Math.Clamp(parsed.GetValue(minutes), 1, 600);
    string[] chosen = parsed.GetValue(sections) is { Length: > 0 } named ? named : [.. known.Keys.Where(static name => name != SoakSection.Name)];

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
