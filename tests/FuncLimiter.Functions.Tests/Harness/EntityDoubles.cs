using Microsoft.DurableTask.Entities;

namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>An entity's state between two operations: text, or nothing.</summary>
public abstract class EntityStateDouble(string? text) : TaskEntityState
{
    public string? Text { get; private set; } = text;

    public override object? GetState(Type type) => Wire.Read(Text, type);

    public override void SetState(object? state) => Text = Wire.Write(state);
}

/// <summary>Tells an entity who it is.</summary>
public abstract class EntityContextDouble(EntityInstanceId id) : TaskEntityContext
{
    public override EntityInstanceId Id { get; } = id;
}

/// <summary>One operation on an entity.</summary>
public abstract class EntityOperationDouble(string name, string? input, TaskEntityContext context, TaskEntityState state) : TaskEntityOperation
{
    public override string Name { get; } = name;

    public override TaskEntityContext Context { get; } = context;

    public override TaskEntityState State { get; } = state;

    public override T? GetInput<T>()
        where T : default => Wire.Read<T>(input);
}
