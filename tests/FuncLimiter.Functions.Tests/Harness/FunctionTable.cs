using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Functions.Tests.Harness;

/// <summary>The functions of the app as the worker finds them: by their attributes.</summary>
public static class FunctionTable
{
    private static readonly Dictionary<string, MethodInfo> Methods = Assembly.Load("FuncLimiter.Functions").GetTypes()
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
        .Where(method => method.GetCustomAttribute<FunctionAttribute>() is not null)
        .ToDictionary(method => method.GetCustomAttribute<FunctionAttribute>()!.Name, StringComparer.Ordinal);

    /// <summary>All functions by name.</summary>
    public static IReadOnlyDictionary<string, MethodInfo> All => Methods;

    /// <summary>The trigger of a function.</summary>
    public static T? Trigger<T>(MethodInfo method)
        where T : Attribute => method.GetParameters().Select(parameter => parameter.GetCustomAttribute<T>()).FirstOrDefault(found => found is not null);

    /// <summary>Runs an orchestrator.</summary>
    public static Func<TaskOrchestrationContext, Task<object?>> Orchestrator(string name) =>
        context => Invoke(Find<OrchestrationTriggerAttribute>(name), null, _ => context);

    /// <summary>Runs an activity in a process.</summary>
    public static Task<object?> Activity(string name, string? input, IServiceProvider services, DurableTaskClient client)
    {
        var method = Find<ActivityTriggerAttribute>(name);
        var target = method.IsStatic ? null : ActivatorUtilities.CreateInstance(services, method.DeclaringType!);
        return Invoke(method, target, parameter =>
            parameter.GetCustomAttribute<ActivityTriggerAttribute>() is not null ? Wire.Read(input, parameter.ParameterType)
            : parameter.GetCustomAttribute<DurableClientAttribute>() is not null ? client
            : parameter.ParameterType == typeof(CancellationToken) ? CancellationToken.None
            : throw new NotSupportedException($"{name} wants a {parameter.ParameterType}."));
    }

    /// <summary>Makes the entity behind an entity function: the class that declares it.</summary>
    public static ITaskEntity Entity(string name, IServiceProvider services)
    {
        var method = Methods.Values.Single(method =>
            Trigger<EntityTriggerAttribute>(method) is not null && method.GetCustomAttribute<FunctionAttribute>()!.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return (ITaskEntity)ActivatorUtilities.GetServiceOrCreateInstance(services, method.DeclaringType!);
    }

    private static MethodInfo Find<T>(string name)
        where T : Attribute =>
        Methods.TryGetValue(name, out var method) && Trigger<T>(method) is not null
            ? method
            : throw new InvalidOperationException($"There is no function '{name}' with a {typeof(T).Name}.");

    private static async Task<object?> Invoke(MethodInfo method, object? target, Func<ParameterInfo, object?> argument)
    {
        var task = (Task)method.Invoke(target, BindingFlags.DoNotWrapExceptions, null, [.. method.GetParameters().Select(argument)], null)!;
        await task;
        return task.GetType() is { IsGenericType: true } type && type.GetGenericArguments()[0].Name != "VoidTaskResult"
            ? type.GetProperty(nameof(Task<int>.Result))!.GetValue(task)
            : null;
    }
}
