using System.Text.Json.Nodes;

namespace FuncLimiter.Functions.Host;

/// <summary>A function as the worker told of it.</summary>
/// <param name="Id">What it is called in the protocol.</param>
/// <param name="Name">Its name.</param>
/// <param name="Bindings">What it is given, as in a <c>function.json</c>.</param>
internal sealed record WorkerFunction(string Id, string Name, IReadOnlyList<JsonObject> Bindings)
{
    /// <summary>What it is started by.</summary>
    public JsonObject Trigger { get; } = Bindings.First(binding => Text(binding, "type")!.EndsWith("Trigger", StringComparison.OrdinalIgnoreCase));

    /// <summary>The names of the parameters that take a Durable client.</summary>
    public IEnumerable<string> ClientNames => Bindings.Where(binding => Is(binding, "durableClient")).Select(binding => Text(binding, "name")!);

    /// <summary>The name of the parameter that takes what started it.</summary>
    public string TriggerName => Text(Trigger, "name")!;

    /// <summary>Whether it is started by such a trigger.</summary>
    public bool IsStartedBy(string trigger) => Is(Trigger, trigger);

    /// <summary>A property of the trigger, or null.</summary>
    public string? Property(string name) => Text(Trigger, name);

    private static bool Is(JsonObject binding, string type) => type.Equals(Text(binding, "type"), StringComparison.OrdinalIgnoreCase);

    private static string? Text(JsonObject binding, string name) => (string?)binding[name];
}
