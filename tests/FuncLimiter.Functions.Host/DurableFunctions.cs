using System.Reflection;
using System.Reflection.Emit;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;

namespace FuncLimiter.Functions.Host;

/// <summary>
/// The worker's orchestrators, entities and activities as the Durable extension finds functions: a type with a static method for each,
/// made at start, which passes the call on to the worker.
/// </summary>
public static class DurableFunctions
{
    /// <summary>The function that is given a Durable client, and keeps it.</summary>
    internal const string KeepClient = nameof(KeepClient);

    private static WorkerProcess? _worker;

    /// <summary>Called by the methods made here.</summary>
    public static async Task<object?> PassOn(string name, string input, string? instance) => await _worker!.CallAsync(name, input, instance);

    /// <summary>Called by the methods made here.</summary>
    public static void Keep(string client) => _worker!.DurableClient = client;

    internal static Type Make(WorkerProcess worker)
    {
        _worker = worker;
        var type = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName(nameof(DurableFunctions)), AssemblyBuilderAccess.Run)
            .DefineDynamicModule(nameof(DurableFunctions))
            .DefineType("Functions", TypeAttributes.Public | TypeAttributes.Class | TypeAttributes.Abstract | TypeAttributes.Sealed);
        foreach (var function in worker.Functions.Values)
        {
            var trigger = function.IsStartedBy("orchestrationTrigger") ? typeof(OrchestrationTriggerAttribute)
                : function.IsStartedBy("entityTrigger") ? typeof(EntityTriggerAttribute)
                : function.IsStartedBy("activityTrigger") ? typeof(ActivityTriggerAttribute)
                : null;
            if (trigger is not null)
            {
                AddFunction(type, function, trigger);
            }
        }

        AddKeepClient(type);
        return type.CreateType();
    }

    private static void AddFunction(TypeBuilder type, WorkerFunction function, Type trigger)
    {
        var isActivity = trigger == typeof(ActivityTriggerAttribute);
        var method = Define(type, function.Name, typeof(Task<object>), isActivity ? [typeof(string), typeof(string)] : [typeof(string)]);
        method.DefineParameter(1, ParameterAttributes.None, function.TriggerName).SetCustomAttribute(Attribute(trigger));
        if (isActivity)
        {
            method.DefineParameter(2, ParameterAttributes.None, "instanceId");
        }

        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldstr, function.Name);
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(isActivity ? OpCodes.Ldarg_1 : OpCodes.Ldnull);
        code.Emit(OpCodes.Call, typeof(DurableFunctions).GetMethod(nameof(PassOn))!);
        code.Emit(OpCodes.Ret);
    }

    private static void AddKeepClient(TypeBuilder type)
    {
        var method = Define(type, KeepClient, typeof(void), [typeof(string)]);
        method.SetCustomAttribute(Attribute(typeof(NoAutomaticTriggerAttribute)));
        method.DefineParameter(1, ParameterAttributes.None, "client").SetCustomAttribute(Attribute(typeof(DurableClientAttribute)));
        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Call, typeof(DurableFunctions).GetMethod(nameof(Keep))!);
        code.Emit(OpCodes.Ret);
    }

    private static MethodBuilder Define(TypeBuilder type, string name, Type returns, Type[] takes)
    {
        var method = type.DefineMethod(name, MethodAttributes.Public | MethodAttributes.Static, returns, takes);
        method.SetCustomAttribute(Attribute(typeof(FunctionNameAttribute), name));
        return method;
    }

    private static CustomAttributeBuilder Attribute(Type type, params string[] arguments) =>
        new(type.GetConstructor([.. arguments.Select(_ => typeof(string))])!, arguments);
}
